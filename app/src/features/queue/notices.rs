//! What the person was told, and nobody asks of them: below everything that waits.

use domain::{notice::Notice, people::Merchant};
use engine::Error;
use leptos::prelude::*;

use crate::{
    ui::*,
    web::{Desk, Done, Posted, Refused, id, noun_path},
};

/// One notice, or, without one, all of them at the merchant; without a merchant, everywhere.
#[server(prefix = "/ui", endpoint = "notice/read")]
pub async fn read_notices(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] notice: String,
) -> Result<(), Refused> {
    let posted = Posted::new("notices", merchant.clone(), back);
    if merchant.is_empty() {
        return posted
            .run_signed_in(|engine, person| async move {
                let queue = engine.queue(&person.user, &person.places, None).await?;
                let mut places: Vec<&str> = queue
                    .notices
                    .iter()
                    .map(|(merchant, _)| merchant.slug.as_str())
                    .collect();
                places.dedup();
                places.sort_unstable();
                places.dedup();
                for slug in places {
                    let ctx = engine.enter(person.user.id, slug, None).await?;
                    engine.read_notices(&ctx, None).await?;
                }
                Ok::<Done, Error>(Done::back("All of it is marked as read."))
            })
            .await;
    }
    posted
        .run(|engine, ctx| async move {
            let which = match notice.trim() {
                "" => None,
                one => Some(id(one, "notice")?),
            };
            engine.read_notices(&ctx, which).await?;
            Ok(Done::back(if which.is_some() {
                "It is marked as read."
            } else {
                "All of it is marked as read."
            }))
        })
        .await
}

/// So many of the newest stand there at once.
const SHOWN: usize = 6;

/// Nothing, when there is nothing to be told.
pub(super) fn told(desk: &Desk, only: Option<&Merchant>) -> Option<AnyView> {
    let notices: Vec<&(Merchant, Notice)> = desk
        .queue
        .notices
        .iter()
        .filter(|(merchant, _)| only.is_none_or(|one| one.id == merchant.id))
        .collect();
    if notices.is_empty() {
        return None;
    }
    let count = notices.len();
    let all_of_them = desk.asked.query("told") == Some("all");
    let most = if all_of_them { count } else { SHOWN };
    let older = count.saturating_sub(most);
    let rows = notices
        .into_iter()
        .take(most)
        .map(|(merchant, notice)| row(merchant, notice, desk))
        .collect_view();
    let fields = vec![
        (
            "merchant",
            only.map_or_else(String::new, |one| one.slug.clone()),
        ),
        ("back", desk.asked.back.clone()),
    ];
    let more = (older > 0).then(|| {
        let here = only.map_or_else(
            || "/?told=all".to_owned(),
            |one| format!("/m/{}/queue?told=all", one.slug),
        );
        let label = format!("Show {older} older");
        view! { <LinkButton href=format!("{here}#notices") label kind=Kind::Quiet/> }
    });
    let all = (count > 1).then(|| {
        view! {
            <div class="acts mt-2">
                {more}
                <PostButton action="/ui/notice/read" label="Mark all as read" kind=Kind::Quiet fields/>
            </div>
        }
    });
    let group = view! {
        <ListGroup title="For your information" count note="nothing is asked of you">{rows}</ListGroup>
    };
    Some(view! { <div id="notices">{group}{all}</div> }.into_any())
}

fn row(merchant: &Merchant, notice: &Notice, desk: &Desk) -> impl IntoView + use<> {
    let (kind, id) = &notice.about;
    let queue = format!("/m/{}/queue", merchant.slug);
    let href = noun_path(&merchant.slug, kind, &id.to_string()).unwrap_or(queue);
    let (created, now) = (notice.created_at, desk.now);
    let meta = vec![
        merchant.name.clone().into_any(),
        kind.clone().into_any(),
        view! { <When at=created now/> }.into_any(),
    ];
    let fields = vec![
        ("merchant", merchant.slug.clone()),
        ("back", desk.asked.back.clone()),
        ("notice", notice.id.to_string()),
    ];
    let describe = format!("Mark as read: {}", notice.sentence);
    let actions = view! {
        <PostButton action="/ui/notice/read" label="Mark as read" kind=Kind::Quiet fields describe/>
    }
    .into_any();
    view! { <ListRow key=notice.id.to_string() href title=notice.sentence.clone() meta actions/> }
}
