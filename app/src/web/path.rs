//! Where things are: the path of a noun's page, and which paths may be gone to.

/// The page of one thing, by the noun that evidence and audit entries name it with. Nouns without a
/// page of their own (a SKU, a job) have none. A campaign is what exports know a brief as.
pub fn noun_path(slug: &str, noun: &str, id: &str) -> Option<String> {
    let list = match noun {
        "receipt" => "receipts",
        "order" => "orders",
        "export" => "exports",
        "approval" => "approvals",
        "task" => "tasks",
        "flow" => "flows",
        "brief" | "campaign" => "briefs",
        "run" => "runs",
        "contract" => "contracts",
        "source" | "destination" => "connections",
        // its audit
        "ownership" => "ownership",
        "member" => "people",
        _ => return None,
    };
    Some(format!("/m/{slug}/{list}/{id}"))
}

/// Longer ones are nobody's page.
const LONGEST: usize = 2000;

/// The text, if it is a path on this site: it starts with one slash and nothing in it can make a
/// browser leave. Anything else a form or a URL suggests is not gone to.
pub fn same_site(path: &str) -> Option<&str> {
    let mut bytes = path.bytes();
    let rooted = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    let plain = path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (rooted && plain && path.len() <= LONGEST).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_gone_to() {
        for good in ["/", "/m/alder-pine/tasks/1?q=a%20b", "/login?next=/m/x"] {
            assert_eq!(same_site(good), Some(good));
        }
        for bad in [
            "",
            "m/x",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb: c",
            "/a\tb",
            "/a b",
        ] {
            assert_eq!(same_site(bad), None, "{bad:?}");
        }
        assert_eq!(same_site(&format!("/{}", "a".repeat(LONGEST))), None);
    }

    #[test]
    fn a_noun_leads_to_its_page() {
        assert_eq!(
            noun_path("alder-pine", "export", "1").as_deref(),
            Some("/m/alder-pine/exports/1")
        );
        assert_eq!(noun_path("alder-pine", "job", "1"), None);
    }
}
