//! How a posted form ends: the use-case runs, and the browser goes on (303), to the next page or back.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use engine::{Ctx, Engine, Error, Kind, Result, refused};
use leptos::{
    prelude::FromServerFnError,
    server_fn::{codec::JsonEncoding, error::ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    answer::{confirm_path, go, incident_of, login_path},
    flash::Flash,
    held::{self, Held},
    path::same_site,
    person::{Person, engine, session, signed_in},
};

/// The id in a form's field. What is no id names nothing.
pub fn id(text: &str, noun: &str) -> Result<Uuid> {
    text.trim().parse().map_err(|_| Error::not_found(noun))
}

/// The form by which one signs in.
pub const SIGN_IN: &str = "login";

/// A use-case that went through: where to go, and what to say there.
#[derive(Clone, Debug)]
pub struct Done {
    to: Option<String>,
    sentence: String,
}

impl Done {
    pub fn back(sentence: impl Into<String>) -> Self {
        Self {
            to: None,
            sentence: sentence.into(),
        }
    }

    /// A path that a form suggests is only followed on this site; otherwise it leads back.
    pub fn to(path: &str, sentence: impl Into<String>) -> Self {
        Self {
            to: same_site(path).map(str::to_owned),
            sentence: sentence.into(),
        }
    }
}

/// A form as it came in.
#[derive(Clone, Debug)]
pub struct Posted {
    form: &'static str,
    merchant: String,
    back: String,
    /// What its button says.
    button: Option<&'static str>,
    typed: BTreeMap<String, String>,
}

impl Posted {
    /// `form` is the name under which its page asks for what was typed. A `back` that is no path of this
    /// site leads to the queue.
    pub fn new(form: &'static str, merchant: String, back: String) -> Self {
        let back = same_site(&back).unwrap_or("/").to_owned();
        Self {
            form,
            merchant,
            back,
            button: None,
            typed: BTreeMap::new(),
        }
    }

    /// What its button says, for the sentence that asks to press it again.
    #[must_use]
    pub fn button(mut self, label: &'static str) -> Self {
        self.button = Some(label);
        self
    }

    /// Shows this again if the form is refused. Not for secrets.
    #[must_use]
    pub fn keep(mut self, name: &str, value: &str) -> Self {
        self.typed.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Enters the form's merchant and acts there.
    pub async fn run<F>(self, act: impl FnOnce(Arc<Engine>, Ctx) -> F + Send) -> Result<(), Refused>
    where
        F: Future<Output = Result<Done>> + Send,
    {
        let merchant = self.merchant.clone();
        let acted = async {
            let engine = engine()?;
            let person = signed_in(&engine).await?;
            let ctx = engine
                .enter(person.user.id, &merchant, None)
                .await?
                .proved(person.proved_at);
            act(engine, ctx).await
        }
        .await;
        self.end(acted).await
    }

    /// For forms of somebody who is signed in, at no merchant: their operator's.
    pub async fn run_signed_in<F>(
        self,
        act: impl FnOnce(Arc<Engine>, Person) -> F + Send,
    ) -> Result<(), Refused>
    where
        F: Future<Output = Result<Done>> + Send,
    {
        let acted = async {
            let engine = engine()?;
            let person = signed_in(&engine).await?;
            act(engine, person).await
        }
        .await;
        self.end(acted).await
    }

    /// For forms of nobody in particular, such as the sign-in.
    pub async fn run_open<F>(self, act: impl FnOnce(Arc<Engine>) -> F + Send) -> Result<(), Refused>
    where
        F: Future<Output = Result<Done>> + Send,
    {
        let acted = async { act(engine()?).await }.await;
        self.end(acted).await
    }

    /// Nothing is done yet: the same form comes back with what was typed, and `sentence` above it.
    pub async fn again(self, sentence: &str) -> Result<(), Refused> {
        let asked = async { signed_in(&*engine()?).await.map(|_| ()) }.await;
        if let Err(error) = asked {
            return self.end(Err(error)).await;
        }
        let flash = Flash {
            sentence: sentence.to_owned(),
            form: self.form.to_owned(),
            typed: self.typed,
            ..Flash::default()
        };
        if let Err(error) = leave(flash).await {
            incident_of(&error);
        }
        go(&self.back);
        Ok(())
    }

    async fn end(self, acted: Result<Done>) -> Result<(), Refused> {
        if let Err(error) = &acted {
            refused(error);
        }
        let (flash, to) = match acted {
            Ok(done) => (Flash::done(done.sentence), done.to.unwrap_or(self.back)),
            // signing in itself is refused with this kind, too; it says so at its own form
            Err(error) if error.kind == Kind::Unauthenticated && self.form != SIGN_IN => {
                let to = login_path(&self.back);
                return self.interrupted(held::SIGNED_OUT, &to).await;
            }
            Err(error) if error.kind == Kind::StepUp => {
                let to = confirm_path(&self.back);
                return self.interrupted(held::UNCONFIRMED, &to).await;
            }
            Err(error) => {
                let flash = Flash {
                    failed: true,
                    wait_ms: error.retry_after_ms,
                    incident: incident_of(&error),
                    sentence: error.sentence,
                    form: self.form.to_owned(),
                    fields: error
                        .fields
                        .into_iter()
                        .map(|one| (one.field, one.sentence))
                        .collect(),
                    typed: self.typed,
                };
                (flash, self.back)
            }
        };
        if !flash.sentence.is_empty()
            && let Err(error) = leave(flash).await
        {
            // what was done stays done; only the sentence about it is lost
            incident_of(&error);
        }
        go(&to);
        Ok(())
    }
}

impl Posted {
    /// The person has to be somewhere else first; the form waits for them at its page.
    async fn interrupted(self, sentence: &str, to: &str) -> Result<(), Refused> {
        let flash = Flash {
            sentence: sentence.to_owned(),
            form: self.form.to_owned(),
            typed: self.typed,
            ..Flash::default()
        };
        let kept = async {
            Held::new(self.back, self.button, flash)
                .leave(&session()?)
                .await
        };
        if let Err(error) = kept.await {
            // where to go still counts; only what was typed is lost
            incident_of(&error);
        }
        go(to);
        Ok(())
    }
}

async fn leave(flash: Flash) -> Result<()> {
    flash.leave(&session()?).await
}

/// A body that is no form at all. Carries nothing: without a script it would travel in the URL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this is not a form of ours")
    }
}

impl FromServerFnError for Refused {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(_: ServerFnErrorErr) -> Self {
        Self
    }
}
