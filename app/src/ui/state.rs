//! Tone: the six states in which work can stand, each with one glyph, one word and one colour.

use leptos::prelude::*;

/// How a piece of work stands, as the eye should take it in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Somebody's move, in time. Clock.
    Wait,
    /// Past its promise, broken or refused. Triangle.
    Late,
    /// Paused on purpose. Pause sign.
    Held,
    /// Finished as it should. Tick.
    Done,
    /// A machine's move, under way. Arrow.
    Moving,
    /// Not yet, or no longer of interest. Dashed ring.
    #[default]
    Idle,
}

impl Tone {
    /// The value of `data-tone`, which the stylesheet turns into colours.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Late => "late",
            Self::Held => "held",
            Self::Done => "done",
            Self::Moving => "moving",
            Self::Idle => "idle",
        }
    }

    /// What a screen reader says for the glyph, when no better word stands beside it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wait => "Waiting",
            Self::Late => "Late",
            Self::Held => "Held",
            Self::Done => "Done",
            Self::Moving => "Moving",
            Self::Idle => "Not yet",
        }
    }
}

/// The glyph alone. Use it only where a word stands beside it.
#[component]
pub fn StateGlyph(tone: Tone) -> impl IntoView {
    let target = format!("<use href=\"#g-{}\"/>", tone.key());
    view! {
        <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true" data-tone=tone.key() inner_html=target></svg>
    }
}

/// Glyph, word and colour. `word` defaults to the tone's own; `soft` puts it on its tinted ground.
#[component]
pub fn StateBadge(
    tone: Tone,
    #[prop(optional, into)] word: Option<String>,
    #[prop(optional)] soft: bool,
) -> impl IntoView {
    let word = word.unwrap_or_else(|| tone.word().to_owned());
    view! {
        <span class=if soft { "state soft" } else { "state" } data-tone=tone.key()>
            <StateGlyph tone/>
            {word}
        </span>
    }
}
