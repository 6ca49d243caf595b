//! Markdown as people write it, made into HTML on the server.
//!
//! Nothing of it is trusted: HTML inside is shown as the text that it is, pictures are their description (a
//! page loads nothing from elsewhere), and a link leads to the web or to a mailbox, or is no link.

use leptos::prelude::*;
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

fn leads_somewhere(link: &LinkType, to: &str) -> bool {
    let scheme = to.split_once(':').map(|(scheme, _)| scheme.to_lowercase());
    matches!(link, LinkType::Email)
        || matches!(scheme.as_deref(), Some("http" | "https" | "mailto"))
}

/// Safe to be put into a page as it is.
pub fn html_of(markdown: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    // whether each link that is open was let through
    let mut open: Vec<bool> = Vec::new();
    let events = Parser::new_ext(markdown, options).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        // headings of a runbook stand below those of the page
        Event::Start(Tag::Heading { .. }) => Some(Event::Html(CowStr::Borrowed("<h4>"))),
        Event::End(TagEnd::Heading(_)) => Some(Event::Html(CowStr::Borrowed("</h4>\n"))),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let passes = leads_somewhere(&link_type, &dest_url);
            open.push(passes);
            passes.then_some(Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }))
        }
        Event::End(TagEnd::Link) => open
            .pop()
            .unwrap_or_default()
            .then_some(Event::End(TagEnd::Link)),
        other => Some(other),
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

/// How a person does a step by hand; none, where nobody wrote it down.
pub fn runbook(markdown: &str) -> Option<AnyView> {
    if markdown.trim().is_empty() {
        return None;
    }
    let html = html_of(markdown);
    Some(view! { <div class="prose" inner_html=html></div> }.into_any())
}

#[cfg(test)]
mod tests {
    use super::html_of;

    #[test]
    fn what_is_written_is_formatted() {
        let html = html_of(
            "# Label\n\n1. Open the *portal*\n2. [Retry](https://carrier.example/x?a=1&b=2)\n",
        );
        assert!(html.contains("<h4>Label</h4>"), "{html}");
        assert!(html.contains("<li>Open the <em>portal</em></li>"), "{html}");
        assert!(
            html.contains("<a href=\"https://carrier.example/x?a=1&amp;b=2\">Retry</a>"),
            "{html}"
        );
        assert!(html_of("Mail <ops@harbor.example>").contains("mailto:ops@harbor.example"));
    }

    #[test]
    fn what_could_do_harm_is_text() {
        for bad in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<div onclick=\"x()\">\n\nhi\n\n</div>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x]( &#106;avascript:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "[x](vbscript:x)",
            "<javascript:alert(1)>",
            "![alt](https://tracker.example/p.png)",
            "[x](//evil.example)",
            "[x](/m/other/settings)",
            "# <svg onload=alert(1)>",
            "[x]: javascript:alert(1)\n\n[x]",
            "| <b onclick=x> |\n|---|\n| y |",
        ] {
            let html = html_of(bad);
            for never in ["<script", "<img", "<svg", "<div", "<b ", "<a "] {
                assert!(!html.contains(never), "{bad}: {html}");
            }
        }
        // the words stay
        assert!(html_of("[read me](javascript:x)").contains("read me"));
        assert!(html_of("![the form](https://x.example/p.png)").contains("the form"));
    }
}
