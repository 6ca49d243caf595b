//! What the editor knows: the draft with its history, what is saved of it, and what is chosen.

use std::cell::RefCell;

use board::{
    act::{Acted, act, is_end, write_flow},
    fields::{self, Fields, Wrong},
    form::{Paper, Written},
    json::{Json, Read},
    map::{Drawn, Picture},
    merge::{Clash, Merged, merge, with_theirs},
    names::{Lanes, Names},
    rank::{Ranks, ways},
    screen::{Screen, View},
    wire::{self, take},
};
use domain::flow::{Draft, History, fact, readiness::Fault};

use crate::{draw, net, page};

/// Kept in this browser while it is not saved.
struct Unsaved {
    /// What it began with, and that one's revision.
    base: Draft,
    rev: i64,
    /// What was on its way to the server, and may have arrived.
    sent: Option<Draft>,
    draft: Draft,
}

impl Unsaved {
    fn read(text: &str) -> Read<Self> {
        let mut kept = Json::parse(text)?.object().unwrap_or_default();
        Ok(Self {
            base: take(&mut kept, "base")?,
            rev: take(&mut kept, "rev")?,
            sent: take(&mut kept, "sent").ok(),
            draft: take(&mut kept, "draft")?,
        })
    }
}

pub struct Editor {
    pub merchant: String,
    pub flow: String,
    pub rev: i64,
    /// What the server has.
    pub saved: Draft,
    pub history: History,
    pub names: Names,
    pub faults: Vec<Fault>,
    pub ranks: Ranks,
    pub view: View,
    pub lanes: Lanes,
    pub chosen: String,
    /// What is in the form, while it can't be read.
    pub typed: Option<Fields>,
    pub wrong: Wrong,
    /// The field that is being typed into: until there is a pause, all of it is one edit.
    typing: String,
    /// What both changed, until somebody says whose it is.
    pub clashes: Vec<Clash>,
    pub theirs: Option<Draft>,
    pub their_name: String,
    /// With which revision it all began, while somebody is asked whose a change is.
    begun: Option<(i64, Draft)>,
    /// What stands on the page: the map or the table, the form, and the address.
    pub picture: Picture,
    pub rows: Vec<Drawn>,
    pub shown: Written,
    pub address: String,
    pub saving: bool,
    /// What was last sent, until it is known to be saved.
    pub sent: Option<Draft>,
    /// What was said when everything was saved.
    pub said: String,
}

thread_local! {
    static EDITOR: RefCell<Option<Editor>> = const { RefCell::new(None) };
}

pub fn install(editor: Editor) {
    EDITOR.replace(Some(editor));
}

/// What happens while the page is being written (a field that loses the focus because it is replaced) is no doing
/// of a person's, and is let go.
pub fn with<T>(act: impl FnOnce(&mut Editor) -> T) -> Option<T> {
    EDITOR.with(|editor| {
        let mut editor = editor.try_borrow_mut().ok()?;
        editor.as_mut().map(act)
    })
}

impl Editor {
    pub fn found() -> Option<Self> {
        let text = page::one("#board-data")?.text_content()?;
        let mut editor = Self::read(&text).ok()?;
        editor.said = page::one("[data-status]")?.text_content()?;
        // as the server drew it: what changes from here on is written, and nothing else
        let fields = editor.fields();
        let screen = editor.screen(&fields);
        let (picture, rows, shown) = (screen.picture(), screen.rows(), screen.form());
        (editor.picture, editor.rows, editor.shown) = (picture, rows, shown);
        Some(editor)
    }

    /// As the server wrote it into the page.
    fn read(text: &str) -> Read<Self> {
        let mut data = Json::parse(text)?.object().unwrap_or_default();
        let data = &mut data;
        let draft: Draft = take(data, "draft")?;
        Ok(Self {
            merchant: take(data, "merchant")?,
            flow: take(data, "flow")?,
            rev: take(data, "rev")?,
            saved: draft.clone(),
            history: History::new(draft),
            names: take(data, "names")?,
            faults: take(data, "faults")?,
            ranks: wire::ranks(data.json("ranks"))?,
            view: View::read(&take::<String>(data, "view")?),
            lanes: Lanes::read(&take::<String>(data, "lanes")?),
            chosen: take(data, "chosen")?,
            typed: None,
            wrong: Wrong::new(),
            typing: String::new(),
            clashes: Vec::new(),
            theirs: None,
            their_name: String::new(),
            begun: None,
            picture: Picture::default(),
            rows: Vec::new(),
            shown: Written::default(),
            address: String::new(),
            saving: false,
            sent: None,
            said: String::new(),
        })
    }

    pub fn draft(&self) -> &Draft {
        self.history.now()
    }

    pub fn is_saved(&self) -> bool {
        *self.draft() == self.saved
    }

    pub fn fields(&self) -> Fields {
        if let Some(typed) = &self.typed {
            return typed.clone();
        }
        match self.draft().step(&self.chosen) {
            Some(step) => fields::write(step, &fact::of_flow(self.draft())),
            None => write_flow(self.draft()),
        }
    }

    pub fn screen<'a>(&'a self, fields: &'a Fields) -> Screen<'a> {
        Screen {
            paper: Paper {
                draft: self.draft(),
                names: &self.names,
                fields,
                wrong: &self.wrong,
                saved: None,
                action: "/ui/flow/edit",
                hidden: &[],
                still: false,
                short: true,
            },
            faults: &self.faults,
            ranks: &self.ranks,
            view: self.view,
            lanes: self.lanes,
            chosen: &self.chosen,
        }
    }

    pub fn choose(&mut self, key: &str) {
        self.go_to(key);
        self.typed = None;
        self.wrong.clear();
        draw::everything(self);
        net::edited(self);
    }

    fn go_to(&mut self, key: &str) {
        let key = if is_end(key) { "" } else { key };
        if key != self.chosen {
            key.clone_into(&mut self.chosen);
            self.shown = Written::default();
        }
    }

    /// A button or a field of the form. Returns whether it could be read.
    pub fn press(&mut self, button: &str, fields: Fields, rewrite: bool) -> bool {
        match act(self.draft(), button, &self.chosen, &fields) {
            Ok(Acted {
                draft,
                chosen,
                said,
            }) => {
                let before = std::mem::take(&mut self.chosen);
                self.chosen.clone_from(&before);
                self.go_to(&chosen);
                let elsewhere = self.chosen != before;
                self.typed = None;
                let was_wrong = !self.wrong.is_empty();
                self.wrong.clear();
                self.change(draft);
                let plain = matches!(button, "put" | "flow");
                if !plain {
                    // what was said to a button is done
                    self.shown = Written::default();
                    page::announce(&said);
                }
                if elsewhere || rewrite || was_wrong {
                    draw::everything(self);
                } else {
                    draw::stage(self);
                }
                true
            }
            Err(wrong) => {
                let news = wrong != self.wrong;
                self.wrong = wrong;
                self.typed = Some(fields);
                if news || rewrite {
                    draw::panel(self);
                }
                net::edited(self);
                false
            }
        }
    }

    /// Letters of a field that is not finished. What can't be read yet is no mistake before there is a pause.
    pub fn type_on(&mut self, field: &str, fields: &Fields) {
        if !self.wrong.is_empty() {
            return;
        }
        let Ok(acted) = act(self.draft(), "put", &self.chosen, fields) else {
            return;
        };
        self.typed = None;
        if self.typing == field {
            self.become_of(acted.draft, History::go_on);
        } else if acted.draft != *self.draft() {
            self.change(acted.draft);
            field.clone_into(&mut self.typing);
        }
        draw::stage(self);
    }

    /// Another draft, as one edit; shown by whoever calls.
    fn change(&mut self, draft: Draft) {
        self.typing.clear();
        self.become_of(draft, History::become_of);
    }

    fn become_of(&mut self, draft: Draft, how: fn(&mut History, Draft)) {
        if draft == *self.draft() {
            return;
        }
        let other_ways =
            ways(&draft) != ways(self.draft()) || draft.steps.len() != self.draft().steps.len();
        how(&mut self.history, draft);
        self.after(other_ways);
    }

    fn after(&mut self, other_ways: bool) {
        if other_ways {
            self.ranks = self.ranks.follow(self.history.now());
        }
        if self.draft().step(&self.chosen).is_none() {
            self.go_to("");
        }
        page::tools(self);
        net::edited(self);
    }

    pub fn undo(&mut self, again: bool) {
        let done = if again {
            self.history.redo()
        } else {
            self.history.undo()
        };
        self.typing.clear();
        if done {
            self.typed = None;
            self.wrong.clear();
            self.after(true);
            draw::everything(self);
            page::announce(if again { "Made again." } else { "Taken back." });
        }
    }

    fn place(&self) -> String {
        format!("board:{}:{}", self.merchant, self.flow)
    }

    /// In this browser, until the server has it.
    pub fn keep(&self) {
        let Some(storage) = page::storage() else {
            return;
        };
        if self.is_saved() && self.clashes.is_empty() {
            let _ = storage.remove_item(&self.place());
            return;
        }
        // whoever is asked whose a change is will be asked again
        let (rev, base) = match &self.begun {
            Some((rev, base)) => (*rev, base),
            None => (self.rev, &self.saved),
        };
        let [base, sent, draft] =
            [Some(base), self.sent.as_ref(), Some(self.draft())].map(|draft| match draft {
                Some(draft) => wire::text(draft),
                None => "null".to_owned(),
            });
        let text = format!("{{\"rev\":{rev},\"base\":{base},\"sent\":{sent},\"draft\":{draft}}}");
        let _ = storage.set_item(&self.place(), &text);
    }

    /// What was not saved the last time is brought back; where the draft was saved since, each change is asked about.
    pub fn restore(&mut self) {
        let kept = page::storage()
            .and_then(|storage| storage.get_item(&self.place()).ok().flatten())
            .and_then(|text| Unsaved::read(&text).ok());
        let Some(kept) = kept.filter(|kept| kept.draft != self.saved) else {
            return self.keep();
        };
        let arrived = kept.sent.as_ref() == Some(&self.saved);
        let base = if arrived {
            self.saved.clone()
        } else {
            kept.base
        };
        let newer = base != self.saved || !arrived && kept.rev != self.rev;
        self.bring_in(merge(&base, &kept.draft, &self.saved, newer));
        self.their_name = "Somebody".to_owned();
        if self.clashes.is_empty() {
            page::clash(self, "What was not saved the last time is back.");
        } else {
            self.begun = Some((kept.rev, base));
            page::clash(
                self,
                "What was not saved the last time is back, and the draft was saved since. \
                 Nothing is saved until you say whose it is.",
            );
        }
    }

    fn bring_in(&mut self, merged: Merged) {
        self.clashes = merged.clashes;
        self.theirs = Some(self.saved.clone());
        self.change(merged.draft);
        draw::everything(self);
    }

    pub fn was_saved(&mut self, rev: i64, faults: Vec<Fault>) {
        self.rev = rev;
        if let Some(sent) = self.sent.take() {
            self.saved = sent;
        }
        self.keep();
        if self.faults != faults {
            self.faults = faults;
            draw::stage(self);
            draw::rail(self);
        }
    }

    /// Somebody else saved first.
    pub fn met(&mut self, theirs: Draft, rev: i64, by: &str) {
        let base = std::mem::replace(&mut self.saved, theirs);
        let began = std::mem::replace(&mut self.rev, rev);
        let mine = *self.draft() != base;
        let merged = merge(&base, self.draft(), &self.saved, false);
        by.clone_into(&mut self.their_name);
        let changed = if merged.taken.is_empty() {
            "something else".to_owned()
        } else {
            merged.taken.join(", ")
        };
        self.sent = None;
        if !merged.clashes.is_empty() {
            self.begun.get_or_insert((began, base));
        }
        self.bring_in(merged);
        let said = match (self.clashes.is_empty(), mine) {
            (true, false) => format!("{by} changed {changed}; this is it."),
            (true, true) => format!("{by} changed {changed}. Theirs and yours are both here."),
            (false, _) => format!(
                "{by} changed what you changed, too. Nothing is saved until you say whose it is."
            ),
        };
        page::clash(self, &said);
    }

    /// Whose it is, of one clash.
    pub fn settle(&mut self, key: &str, take_theirs: bool) {
        self.clashes.retain(|clash| clash.key != key);
        if self.clashes.is_empty() {
            self.begun = None;
        }
        if take_theirs && let Some(theirs) = &self.theirs {
            let draft = with_theirs(self.draft(), theirs, key);
            self.change(draft);
        }
        draw::everything(self);
        page::clash(self, "");
        net::edited(self);
    }
}
