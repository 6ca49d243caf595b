//! Form fields: a label that stays, a hint below, an error at the field that keeps what was typed.

use std::borrow::Cow;

use leptos::prelude::*;

use super::state::{StateGlyph, Tone};

/// What the texts around a control are, so that every control takes the same ones.
#[derive(Clone, Debug, Default)]
pub struct FieldText {
    pub name: Cow<'static, str>,
    pub label: String,
    pub hint: Option<String>,
    pub error: Option<String>,
}

impl FieldText {
    pub fn new(name: impl Into<Cow<'static, str>>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: None,
            error: None,
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn error(mut self, error: Option<String>) -> Self {
        self.error = error;
        self
    }

    fn id(&self) -> String {
        format!("f-{}", self.name)
    }

    fn described_by(&self) -> Option<String> {
        match (&self.error, &self.hint) {
            (Some(_), Some(_)) => Some(format!("e-{0} h-{0}", self.name)),
            (Some(_), None) => Some(format!("e-{}", self.name)),
            (None, Some(_)) => Some(format!("h-{}", self.name)),
            (None, None) => None,
        }
    }

    fn invalid(&self) -> Option<&'static str> {
        self.error.is_some().then_some("true")
    }
}

/// Label, hint and error around any control whose id is `f-{name}`.
#[component]
pub fn Field(text: FieldText, children: Children) -> impl IntoView {
    let (id, name) = (text.id(), text.name.clone());
    let hint_id = format!("h-{name}");
    view! {
        <div class="field">
            <label for=id>{text.label}</label>
            {children()}
            {text.error.map(|error| view! {
                <p class="error" id=format!("e-{name}")>
                    <StateGlyph tone=Tone::Late/>
                    {error}
                </p>
            })}
            {text.hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// A one-line input. `kind` is the HTML type ("text" unless told).
#[component]
pub fn Input(
    text: FieldText,
    #[prop(optional, into)] value: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] required: bool,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let (id, described, invalid, name) = (
        text.id(),
        text.described_by(),
        text.invalid(),
        text.name.clone(),
    );
    view! {
        <Field text>
            <input
                class="input"
                type=kind
                id=id
                name=name
                value=value
                required=required
                autofocus=autofocus
                autocomplete=autocomplete
                aria-describedby=described
                aria-invalid=invalid
            />
        </Field>
    }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    text: FieldText,
    #[prop(optional, into)] value: String,
    #[prop(default = 3)] rows: u32,
    #[prop(optional)] required: bool,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let (id, described, invalid, name) = (
        text.id(),
        text.described_by(),
        text.invalid(),
        text.name.clone(),
    );
    view! {
        <Field text>
            <textarea
                class="input"
                id=id
                name=name
                rows=rows.to_string()
                required=required
                autofocus=autofocus
                aria-describedby=described
                aria-invalid=invalid
            >
                {value}
            </textarea>
        </Field>
    }
}

/// A file from the reader's machine. It may share its name with the field it is chosen instead of.
#[component]
pub fn FileInput(text: FieldText, accept: &'static str) -> impl IntoView {
    let (id, hint_id) = (
        format!("file-{}", text.name),
        format!("h-file-{}", text.name),
    );
    let described = text.hint.is_some().then(|| hint_id.clone());
    view! {
        <div class="field">
            <label for=id.clone()>{text.label}</label>
            <input class="input file" type="file" id=id name=text.name accept=accept aria-describedby=described/>
            {text.hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// A choice of (value, label) pairs.
#[component]
pub fn Select(
    text: FieldText,
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let (id, described, invalid, name) = (
        text.id(),
        text.described_by(),
        text.invalid(),
        text.name.clone(),
    );
    let choices = options
        .into_iter()
        .map(|(key, label)| {
            let chosen = key == value;
            view! { <option value=key selected=chosen>{label}</option> }
        })
        .collect_view();
    view! {
        <Field text>
            <select class="input" id=id name=name required=required aria-describedby=described aria-invalid=invalid>
                {choices}
            </select>
        </Field>
    }
}

/// A box to tick, with what ticking it does in `hint`.
#[component]
pub fn Check(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(default = "true")] value: &'static str,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] checked: bool,
) -> impl IntoView {
    view! {
        <label class="check">
            <input type="checkbox" name=name value=value checked=checked/>
            <span>
                {label}
                {hint.map(|hint| view! { <small>{hint}</small> })}
            </span>
        </label>
    }
}
