//! The frame around every page: the HTML document, the sidebar, the top bar, the menus.
//!
//! All of it works without a script: menus and the phone's drawer are popovers, sign-out and the
//! theme are forms. The companion island sits at the end and makes what it finds tick.

use domain::Time;
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title};

use crate::{
    islands::Companion,
    ui::{Avatar, Breadcrumbs, Crumb, Ico, Icon, Mark, Sprite, Tag},
};

/// What the sidebar and the top bar need to know about the person and the place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nav {
    pub operator_name: String,
    /// (path, name) of the operators whose overview this person may see.
    pub operators: Vec<(String, String)>,
    /// (slug, name) of every merchant this person may see.
    pub merchants: Vec<(String, String)>,
    /// The merchant whose pages the sidebar links to. On pages across merchants: the last visited.
    pub current: Option<(String, String)>,
    pub user_name: String,
    /// Entries of this merchant whose pages are not there for this person.
    pub closed: Vec<&'static str>,
    /// Which entry is lit: `queue` or a path under the merchant, such as `exports`.
    pub active: &'static str,
    pub queue_count: u32,
    pub queue_late: u32,
    pub task_count: u32,
    /// What they were told and have not read.
    pub told_count: u32,
    /// `light`, `dark`, or none to follow the system.
    pub theme: Option<String>,
}

/// The HTML document. `app` is built inside it, so that it may set titles and the response's status.
pub fn document<V: IntoView + 'static>(
    options: LeptosOptions,
    app: impl FnOnce() -> V,
) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=requested_theme()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="color-scheme" content="light dark"/>
                <link
                    rel="preload"
                    href="/fonts/inter-latin-wght.woff2"
                    r#as="font"
                    r#type="font/woff2"
                    crossorigin="anonymous"
                />
                <HashedStylesheet options=options.clone() id="style"/>
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml"/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options islands=true/>
                <MetaTags/>
            </head>
            <body>
                <Sprite/>
                {app()}
            </body>
        </html>
    }
}

/// The theme in a `Cookie` header: `light` or `dark`, or none for the system's.
pub fn theme_in(cookies: &str) -> Option<&'static str> {
    cookies.split(';').find_map(|pair| match pair.trim() {
        "theme=light" => Some("light"),
        "theme=dark" => Some("dark"),
        _ => None,
    })
}

#[cfg(feature = "ssr")]
fn requested_theme() -> Option<&'static str> {
    let parts = use_context::<http::request::Parts>()?;
    theme_in(parts.headers.get(http::header::COOKIE)?.to_str().ok()?)
}

#[cfg(not(feature = "ssr"))]
fn requested_theme() -> Option<&'static str> {
    None
}

/// The frame of a signed-in page.
#[component]
pub fn Shell(
    nav: Nav,
    /// The document's title; say what is true, as the headline does.
    #[prop(into)]
    title: String,
    crumbs: Vec<Crumb>,
    now: Time,
    /// Set on pages across merchants: live updates then come from all of them.
    #[prop(optional)]
    all_merchants: bool,
    children: Children,
) -> impl IntoView {
    let live_merchant = nav
        .current
        .as_ref()
        .filter(|_| !all_merchants)
        .map(|(slug, _)| slug.clone());
    let listens = (!nav.merchants.is_empty()).then_some("");
    view! {
        <Title text=window_title(&title)/>
        <a class="skip btn" href="#main">"Skip to content"</a>
        // who is at no merchant yet has nothing to listen to
        <div class="shell" data-shell=listens data-merchant=live_merchant data-now=now.as_ms().to_string()>
            <Sidebar nav=nav.clone()/>
            <div>
                <TopBar nav crumbs all_merchants/>
                <main id="main" tabindex="-1">{children()}</main>
            </div>
        </div>
        <KeysDialog/>
        <Companion/>
    }
}

/// The document's title. The library writes it into the page as it stands, and titles quote what customers
/// wrote: so it is escaped here.
fn window_title(title: &str) -> String {
    let escaped = title
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("{escaped} · Meshline")
}

/// The frame of a page for somebody who is not signed in: the mark and one narrow column.
#[component]
pub fn BareShell(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <Title text=window_title(&title)/>
        <div class="bare">
            <header class="brand"><Mark/>"Meshline"</header>
            <main id="main">{children()}</main>
        </div>
        <Companion/>
    }
}

/// Path under the merchant, label, icon.
type Entry = (&'static str, &'static str, Ico);

const GROUPS: &[(&str, &[Entry])] = &[
    (
        "Work",
        &[
            ("orders", "Orders", Ico::Orders),
            ("receipts", "Receipts", Ico::Receipts),
            ("exports", "Exports", Ico::Exports),
            ("approvals", "Approvals", Ico::Approvals),
            ("tasks", "Tasks", Ico::Tasks),
        ],
    ),
    (
        "Rules",
        &[
            ("briefs", "Briefs", Ico::Briefs),
            ("flows", "Flows", Ico::Flows),
            ("contracts", "Contracts", Ico::Contracts),
            ("connections", "Connections", Ico::Connections),
        ],
    ),
    (
        "Proof",
        &[
            ("reports", "Reports", Ico::Overview),
            ("audit", "Audit", Ico::Audit),
        ],
    ),
    (
        "People",
        &[
            ("people", "People", Ico::People),
            ("people/cover", "Cover", Ico::Cover),
            ("ownership", "Ownership", Ico::Ownership),
            ("raci", "RACI", Ico::Raci),
        ],
    ),
    ("Merchant", &[("settings", "Settings", Ico::Settings)]),
];

/// Every entry under a merchant, by its path.
pub fn entries() -> impl Iterator<Item = &'static str> {
    GROUPS
        .iter()
        .flat_map(|(_, entries)| entries.iter().map(|(key, ..)| *key))
}

/// The same with their labels.
pub fn named_entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    GROUPS
        .iter()
        .flat_map(|(_, entries)| entries.iter().map(|&(key, label, _)| (key, label)))
}

#[component]
fn Sidebar(nav: Nav) -> impl IntoView {
    let current = nav.current.clone();
    let groups = current.as_ref().map(|(slug, _)| {
        GROUPS
            .iter()
            .map(|(title, entries)| nav_group(title, entries, slug, &nav))
            .collect_view()
    });
    let queue_current = (nav.active == "queue").then_some("page");
    let several = nav.operators.len() > 1;
    let overviews = nav
        .operators
        .iter()
        .map(|(slug, name)| {
            let label = if several {
                name.clone()
            } else {
                "Overview".to_owned()
            };
            let lit = (nav.active == OPERATOR && (!several || *name == nav.operator_name))
                .then_some("page");
            view! {
                <a class="nav-item" href=format!("/o/{slug}") aria-current=lit>
                    <Icon of=Ico::Overview/>
                    {label}
                </a>
            }
        })
        .collect_view();
    let (late, waiting) = (nav.queue_late, nav.queue_count);
    view! {
        <aside class="side" id="nav" popover="auto" aria-label="Meshline">
            <a class="brand" href="/"><Mark/>"Meshline"</a>
            <Switcher nav=nav.clone()/>
            <nav aria-label="Main">
                <a class="nav-item" href="/" aria-current=queue_current>
                    <Icon of=Ico::Queue/>
                    "My queue"
                    {if late > 0 {
                        nav_count("nav-queue", late, "count-late", " overdue")
                    } else {
                        nav_count("nav-queue", waiting, "count-idle", " waiting")
                    }}
                </a>
                {overviews}
                {groups}
            </nav>
        </aside>
    }
}

fn nav_group(
    title: &'static str,
    entries: &'static [Entry],
    slug: &str,
    nav: &Nav,
) -> Option<AnyView> {
    let open: Vec<&Entry> = entries
        .iter()
        .filter(|(key, ..)| !nav.closed.contains(key))
        .collect();
    if open.is_empty() {
        return None;
    }
    let links = open
        .into_iter()
        .map(|&(key, label, icon)| {
            view! {
                <li>
                    <a
                        class="nav-item"
                        href=format!("/m/{slug}/{key}")
                        aria-current=(nav.active == key).then_some("page")
                    >
                        <Icon of=icon/>
                        {label}
                        {(key == "tasks").then(|| nav_count("nav-tasks", nav.task_count, "count-idle", " open"))}
                    </a>
                </li>
            }
        })
        .collect_view();
    Some(
        view! {
            <h2 class="nav-group" id=format!("nav-{title}")>{title}</h2>
            <ul aria-labelledby=format!("nav-{title}")>{links}</ul>
        }
        .into_any(),
    )
}

/// A count beside an entry. It is a live region of its own even at nought, so that it can come and go
/// without the rest of the sidebar being touched.
fn nav_count(
    id: &'static str,
    count: u32,
    class: &'static str,
    word: &'static str,
) -> impl IntoView {
    let shown = (count > 0).then(|| {
        view! { <span class=class>{count}<span class="sr-only">{word}</span></span> }
    });
    view! { <span id=id data-live="">{shown}</span> }
}

/// What [`Nav::active`] says on the pages of an operator.
pub const OPERATOR: &str = "operator";
/// With more merchants than this the menu shows the first few and a search.
const MENU_ROWS: usize = 8;

#[component]
fn Switcher(nav: Nav) -> impl IntoView {
    let Nav {
        operator_name,
        operators,
        mut merchants,
        current,
        active,
        ..
    } = nav;
    let name = current
        .as_ref()
        .map_or_else(|| operator_name.clone(), |(_, name)| name.clone());
    let chosen = current.map(|(slug, _)| slug);
    // changing the merchant keeps the section, so that two merchants are easily compared
    let is_section = |key: &str| {
        GROUPS
            .iter()
            .flat_map(|(_, entries)| entries.iter())
            .any(|(path, _, _)| *path == key)
    };
    let section = if is_section(active) { active } else { "queue" };
    let count = merchants.len();
    // the one that is open stands among the few that are shown
    merchants
        .sort_by_key(|(slug, _)| count > MENU_ROWS && chosen.as_deref() != Some(slug.as_str()));
    let home = operators
        .iter()
        .find(|(_, name)| *name == operator_name)
        .or(operators.first())
        .map(|(slug, _)| slug.clone());
    let all = (operators.len() == 1).then(|| {
        format!(
            "Overview of {count} {}",
            if count == 1 { "merchant" } else { "merchants" }
        )
    });
    let top = operators
        .into_iter()
        .map(|(slug, name)| {
            let label = all.clone();
            view! {
                <a class="menu-item" href=format!("/o/{slug}")>
                    <Icon of=Ico::Overview/>
                    <span>{name}{label.map(|label| view! { <small class="block text-ink-3 text-xs">{label}</small> })}</span>
                </a>
            }
        })
        .collect_view();
    let search = home.filter(|_| count > MENU_ROWS).map(|slug| {
        view! {
            <form class="p-1" method="get" action=format!("/o/{slug}") role="search" aria-label="Find a merchant">
                <input type="hidden" name="go" value=section/>
                <input class="input" type="search" name="q" aria-label="Find a merchant" placeholder="Find a merchant"/>
            </form>
        }
    });
    let links = merchants
        .into_iter()
        .take(if count > MENU_ROWS { MENU_ROWS } else { count })
        .map(|(slug, name)| {
            let is_chosen = chosen.as_deref() == Some(slug.as_str());
            view! {
                <a
                    class="menu-item"
                    href=format!("/m/{slug}/{section}")
                    aria-current=is_chosen.then_some("true")
                >
                    <Avatar name=name.clone() square=true/>
                    {name}
                    {is_chosen.then(|| view! { <Icon of=Ico::Check/> })}
                </a>
            }
        })
        .collect_view();
    view! {
        <button type="button" class="switcher" popovertarget="merchants" aria-label=format!("Merchant: {name}. Switch")>
            <Avatar name=name.clone() square=true/>
            <span>
                <b>{name.clone()}</b>
                {(name != operator_name).then(|| view! { <small>{operator_name.clone()}</small> })}
            </span>
            <Icon of=Ico::Switch/>
        </button>
        <div class="menu menu-merchants" id="merchants" popover="auto">
            {top}
            <hr/>
            {search}
            {links}
        </div>
    }
}

#[component]
fn TopBar(nav: Nav, crumbs: Vec<Crumb>, all_merchants: bool) -> impl IntoView {
    let search = nav
        .current
        .clone()
        .map(|(slug, _)| view! { <Search slug/> });
    let find = nav.current.as_ref().map(|(slug, _)| {
        view! {
            <a class="nav-open" href=format!("/m/{slug}/search") aria-label="Search">
                <Icon of=Ico::Search/>
            </a>
        }
    });
    let place = nav.current.filter(|_| !all_merchants).map(|(_, name)| name);
    let phone_place = place.unwrap_or_else(|| "all merchants".to_owned());
    view! {
        <header class="top">
            <button type="button" class="nav-open" popovertarget="nav" aria-label="Menu">
                <Icon of=Ico::Menu/>
            </button>
            <a class="brand top-brand" href="/"><Mark/>"Meshline"</a>
            <Breadcrumbs crumbs/>
            {all_merchants.then(|| view! { <Tag label="all merchants"/> })}
            <span class="live" data-live-dot="" data-state="off" role="status">"live"</span>
            <span class="spacer"></span>
            {search}
            {find}
            <span class="tag top-merchant">{phone_place}</span>
            <UserMenu name=nav.user_name theme=nav.theme.unwrap_or_default() told=nav.told_count/>
        </header>
    }
}

#[component]
fn Search(slug: String) -> impl IntoView {
    const LABEL: &str = "Find an order, receipt, export…";
    view! {
        <form class="search" method="get" action=format!("/m/{slug}/search") role="search">
            <input class="input" type="search" name="q" data-search="" aria-label=LABEL placeholder=LABEL/>
            <kbd aria-hidden="true">"Ctrl K"</kbd>
        </form>
    }
}

#[component]
fn UserMenu(name: String, theme: String, told: u32) -> impl IntoView {
    let themes = [
        ("light", "Light", Ico::Light),
        ("dark", "Dark", Ico::Dark),
        ("", "As the system", Ico::System),
    ];
    let choices = themes
        .into_iter()
        .map(|(value, label, icon)| {
            let chosen = theme == value;
            view! {
                <button
                    type="submit"
                    class="menu-item"
                    name="theme"
                    value=if value.is_empty() { "system" } else { value }
                    aria-pressed=if chosen { "true" } else { "false" }
                >
                    <Icon of=icon/>
                    {label}
                    {chosen.then(|| view! { <Icon of=Ico::Check/> })}
                </button>
            }
        })
        .collect_view();
    view! {
        <button type="button" class="user-open" popovertarget="me" aria-label=format!("Account of {name}")>
            <Avatar name=name.clone()/>
        </button>
        <div class="menu menu-user" id="me" popover="auto">
            <p class="menu-note">"Signed in as " <b class="text-ink">{name}</b></p>
            <a class="menu-item" href="/account"><Icon of=Ico::People/>"Your account"</a>
            {(told > 0).then(|| view! {
                <a class="menu-item" href="/#notices">
                    <Icon of=Ico::Queue/>
                    {format!("{told} for your information")}
                </a>
            })}
            <hr/>
            <form method="post" action="/ui/theme">{choices}</form>
            <hr/>
            <form method="post" action="/ui/logout">
                <button type="submit" class="menu-item"><Icon of=Ico::SignOut/>"Sign out"</button>
            </form>
        </div>
    }
}

const KEYS: [(&str, &str); 9] = [
    ("j", "next row"),
    ("k", "row above"),
    ("↵", "open the row"),
    ("a", "accept, approve or take"),
    ("d", "decline"),
    ("r", "reassign"),
    ("s", "snooze"),
    ("/", "search (also Ctrl K or ⌘ K)"),
    ("?", "this list"),
];

/// Those of the drawing board besides.
const BOARD_KEYS: [(&str, &str); 7] = [
    ("← ↑ ↓ →", "from step to step"),
    ("n", "add a step"),
    ("e", "edit the step"),
    ("Del", "remove the step"),
    ("t", "map or table"),
    ("Ctrl Z", "undo (with Shift: redo)"),
    ("Esc", "out of a field, to the step"),
];

/// Every key there is; the companion opens it on `?`.
#[component]
fn KeysDialog() -> impl IntoView {
    let list = |keys: &'static [(&str, &str)]| {
        let keys = keys
            .iter()
            .map(|&(key, meaning)| view! { <dt><kbd>{key}</kbd></dt><dd>{meaning}</dd> })
            .collect_view();
        view! { <dl>{keys}</dl> }
    };
    view! {
        <dialog class="dialog" id="keys" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            {list(&KEYS)}
            <h3>"On the drawing board"</h3>
            {list(&BOARD_KEYS)}
            <form method="dialog" class="acts"><button class="btn">"Close"</button></form>
        </dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::theme_in;

    #[test]
    fn only_the_two_known_themes_pin_the_scheme() {
        assert_eq!(theme_in("a=1; theme=dark"), Some("dark"));
        assert_eq!(theme_in("theme=light"), Some("light"));
        assert_eq!(theme_in("theme=system; nottheme=dark"), None);
    }
}
