//! Asking twice, for somebody else's and for nobody's, and comparing.

use futures::future::join_all;
use reqwest::{Method, header};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};

use crate::{
    support::installation::eventually,
    table::{Answers, Body, Row},
    world::{Asker, CANARY, Credential, World},
};

/// Which of the names in a line are not the asker's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Ids, at the asker's own merchant.
    Ids,
    /// The merchant or the operator, and the ids.
    Place,
}

/// What came back, without what is different each time.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub location: String,
    pub body: String,
}

impl Row {
    pub fn method(&self) -> Method {
        self.route.split(' ').next().unwrap().parse().unwrap()
    }

    pub fn address(&self) -> &'static str {
        match self.address {
            "" => self.route.split(' ').nth(1).unwrap(),
            address => address,
        }
    }

    fn is_api(&self) -> bool {
        self.address().starts_with("/api/v1/")
    }

    pub fn names(&self) -> Vec<&'static str> {
        let body = match self.body {
            Body::Nothing => "",
            Body::Form(text) | Body::Json(text) => text,
        };
        [self.address(), body]
            .into_iter()
            .flat_map(|text| text.split('{').skip(1))
            .filter_map(|rest| rest.split_once('}'))
            .map(|(name, _)| name)
            .filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
            .collect()
    }

    /// How this line can be asked for what is not the asker's.
    pub fn placements(&self) -> Vec<Placement> {
        let names = self.names();
        let is_place = |name: &&str| matches!(*name, "merchant" | "operator");
        let mut placements = Vec::new();
        // a line without names is asked once, too: for what it shows by itself
        if names.is_empty() || names.iter().any(|name| !is_place(name)) {
            placements.push(Placement::Ids);
        }
        if self.is_api() || names.iter().any(is_place) {
            placements.push(Placement::Place);
        }
        placements
    }

    pub fn is_of_ids(&self) -> bool {
        self.names()
            .iter()
            .any(|name| !matches!(*name, "merchant" | "operator" | "cursor" | "source_path"))
    }
}

pub fn filled(text: &str, values: &HashMap<&'static str, String>) -> String {
    let mut text = text.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

/// The values for one side of a comparison.
fn values(
    world: &World,
    asker: &Asker,
    placement: Placement,
    theirs: bool,
) -> HashMap<&'static str, String> {
    let mut values = match theirs {
        true => world.named.theirs.clone(),
        false => world.named.absent.clone(),
    };
    if placement == Placement::Ids {
        values.insert("merchant", asker.merchant.clone());
        values.insert("operator", asker.operator.clone());
    }
    values
}

/// Asks in the name of `asker`; the second text is everything that came, as it came.
pub async fn ask(
    world: &World,
    row: &Row,
    asker: &Asker,
    placement: Placement,
    theirs: bool,
) -> (Answer, String) {
    let values = values(world, asker, placement, theirs);
    let url = world.meshline.url(&filled(row.address(), &values));
    let mut request = asker.sign(world.meshline.http.request(row.method(), url));
    if row.is_api() {
        request = request.header("meshline-merchant", &values["merchant"]);
    }
    let page = format!("/m/{}/queue", values["merchant"]);
    request = match row.body {
        Body::Nothing => request.header(header::ACCEPT, "text/html, */*"),
        Body::Form(fields) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in url::form_urlencoded::parse(filled(fields, &values).as_bytes()) {
                form.append_pair(&name, &value);
            }
            form.append_pair("back", &page);
            request
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ORIGIN, world.meshline.url(""))
                .header(header::REFERER, world.meshline.url(&page))
                .header(header::ACCEPT, "text/html")
                .body(form.finish())
        }
        Body::Json(text) => request
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ORIGIN, world.meshline.url(""))
            .body(filled(text, &values)),
    };
    let answer = request.send().await.unwrap();
    let mut answer = read(world, answer, &values).await;
    // what a form leaves behind is shown on the page that it leads back to
    if matches!(row.body, Body::Form(_)) && answer.0.status == 303 && !row.route.ends_with("out") {
        let location = answer.2.clone();
        if location.starts_with('/') {
            let next = asker.sign(world.meshline.http.get(world.meshline.url(&location)));
            let next = next.send().await.unwrap();
            let next = read(world, next, &values).await;
            answer.0.body = format!("{} {}", next.0.status, next.0.body);
            answer.1.push_str(&next.1);
        }
    }
    (answer.0, answer.1)
}

async fn read(
    world: &World,
    mut answer: reqwest::Response,
    values: &HashMap<&'static str, String>,
) -> (Answer, String, String) {
    let head = |name: header::HeaderName| {
        let value = answer.headers().get(name).map(header::HeaderValue::to_str);
        value.and_then(Result::ok).unwrap_or_default().to_owned()
    };
    let (kind, location) = (head(header::CONTENT_TYPE), head(header::LOCATION));
    let status = answer.status().as_u16();
    let mut bytes = Vec::new();
    let streams = kind.starts_with("text/event-stream");
    loop {
        // a stream does not end by itself
        let patience = Duration::from_millis(if streams { 200 } else { 30_000 });
        match tokio::time::timeout(patience, answer.chunk()).await {
            Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
            Ok(Err(error)) => panic!("{error}"),
            _ => break,
        }
    }
    let heads: String = answer
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let without = |text: &str| plain(world, text, values);
    let stable = Answer {
        status,
        kind,
        location: without(&location),
        body: without(&body),
    };
    let path = location
        .strip_prefix(&world.meshline.url(""))
        .unwrap_or(&location)
        .to_owned();
    (stable, format!("{heads}{body}"), path)
}

/// Without what was asked for, and without what changes each time: ids, times, nonces, numbers.
fn plain(world: &World, text: &str, values: &HashMap<&'static str, String>) -> String {
    let mut text = text.to_owned();
    let named = [&world.named.theirs, &world.named.absent, values];
    let mut values: Vec<&String> = named.into_iter().flat_map(HashMap::values).collect();
    // the longest first, since one may hold another
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    for value in values {
        text = text.replace(value.as_str(), "*");
        let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        text = text.replace(&encoded, "*");
    }
    // both hold a number used once
    for attribute in ["nonce=\"", "crossorigin=\""] {
        while let Some(at) = text.find(attribute) {
            let value = at + attribute.len();
            let end = text[value..]
                .find('"')
                .map_or(text.len(), |end| value + end + 1);
            text.replace_range(at..end, "*");
        }
    }
    let mut stable = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "-_:.+%".contains(c)))
    {
        match word.bytes().any(|b| b.is_ascii_digit()) {
            true => {
                stable.push('#');
                stable.extend(word.chars().last().filter(|c| !c.is_ascii_alphanumeric()));
            }
            false => stable.push_str(word),
        }
    }
    stable
}

/// Whether anything of theirs is in it, and where.
pub fn shows(seen: &str) -> Option<String> {
    let text = seen.to_lowercase();
    for secret in [CANARY, "alder & pine", "alder &amp; pine", "alder pine"] {
        if let Some(at) = text.find(secret) {
            let from = text.floor_char_boundary(at.saturating_sub(120));
            let to = text.ceil_char_boundary((at + 120).min(text.len()));
            return Some(text[from..to].to_owned());
        }
    }
    None
}

/// One cell of the matrix; what is wrong with it, if anything.
pub async fn cell(world: &World, row: &Row, asker: &Asker, placement: Placement) -> Vec<String> {
    let (of_theirs, seen) = ask(world, row, asker, placement, true).await;
    let mut wrong = Vec::new();
    let mut complain = |what: String| {
        wrong.push(format!(
            "{} as {}, {placement:?}: {what}",
            row.route, asker.role
        ));
    };
    if let Some(shown) = shows(&seen) {
        complain(format!("shows theirs: …{shown}…"));
    }
    if of_theirs.status >= 500 {
        complain(format!("answered {}: {}", of_theirs.status, of_theirs.body));
    }
    if of_theirs.body.contains("missing field") {
        complain("the line does not fill in what the route needs".to_owned());
    }
    // an operator is no secret to the people of its merchants; what they see of it still is
    let is_known = placement == Placement::Place
        && row.names().contains(&"operator")
        && asker.operator == world.named.theirs["operator"];
    // a line that names nothing is the same question twice
    let names_something = !row.names().is_empty() || placement == Placement::Place;
    if row.answers == Answers::Same && !is_known && names_something {
        let (of_nobody, _) = ask(world, row, asker, placement, false).await;
        if of_theirs != of_nobody {
            complain(difference(&of_theirs, &of_nobody));
        }
    }
    let is_somebody = !matches!(asker.credential, Credential::Nothing);
    let in_path = match placement {
        Placement::Ids => row.route.contains("{id}"),
        Placement::Place => row.route.contains("{merchant}") || row.route.contains("{operator}"),
    };
    if row.answers == Answers::Same
        && !is_known
        && is_somebody
        && in_path
        && row.method() == Method::GET
        && of_theirs.status == 200
        && row.address().contains('{')
    {
        complain("answered 200 for what is not theirs to see".to_owned());
    }
    wrong
}

fn difference(one: &Answer, other: &Answer) -> String {
    if (one.status, &one.kind, &one.location) != (other.status, &other.kind, &other.location) {
        return format!(
            "theirs is answered {} {} {}, nobody's {} {} {}",
            one.status, one.kind, one.location, other.status, other.kind, other.location
        );
    }
    let at = one
        .body
        .bytes()
        .zip(other.body.bytes())
        .position(|(a, b)| a != b)
        .unwrap_or(one.body.len().min(other.body.len()));
    let around = |text: &str| {
        let from = text.floor_char_boundary(at.saturating_sub(60));
        let to = text.ceil_char_boundary((at + 100).min(text.len()));
        text[from..to].to_owned()
    };
    format!(
        "the answers ({}) differ: …{}… and …{}…",
        one.status,
        around(&one.body),
        around(&other.body)
    )
}

/// Where their trail ends: it moves with every change of theirs.
pub async fn their_trail(world: &World) -> i64 {
    // the first look is noted, and those that follow are not
    let _: Value = world.meshline.get("/audit?limit=1").await;
    let page: Value = world.meshline.get("/audit?limit=1").await;
    page["items"][0]["seq"].as_i64().unwrap()
}

/// What comes up to the first message, each piece within this time.
async fn hears(mut answer: reqwest::Response, patience: Duration) -> String {
    let mut heard = String::new();
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout(patience, answer.chunk()).await {
        heard.push_str(&String::from_utf8_lossy(&chunk));
        if heard.contains("data:") {
            break;
        }
    }
    heard
}

/// What everybody hears while something happens at theirs. Their own admin hears it; says how many others
/// listened, and which of them heard anything of it.
pub async fn listen(world: &World) -> (usize, Vec<String>) {
    let mut streams = Vec::new();
    for asker in world.askers.iter().chain([&world.owner]) {
        let request = world.meshline.http.get(world.meshline.url("/live"));
        let answer = asker.sign(request).send().await.unwrap();
        if answer.status().is_success() {
            streams.push((asker, answer));
        }
    }
    let receipt = &world.named.theirs["receipt"];
    let processed = world.meshline.all("/audit?action=receipt.processed").await;
    let before = processed
        .iter()
        .filter(|one| one["subject_id"] == receipt.as_str())
        .count();
    let replay = format!("/receipts/{receipt}/replay");
    let (status, answer) = world.meshline.call(Method::POST, &replay, None).await;
    assert!(status.is_success(), "{status} {answer}");
    let (own, others): (Vec<_>, Vec<_>) = streams
        .into_iter()
        .partition(|(asker, _)| asker.role == world.owner.role);
    // what is theirs has come by then; whatever the others hear of it would have come as well
    let hear = async |(asker, answer): (&Asker, reqwest::Response), patience| {
        (asker.role, hears(answer, patience).await)
    };
    let own = own
        .into_iter()
        .map(|one| hear(one, Duration::from_secs(20)));
    let own = join_all(own).await;
    let others = others
        .into_iter()
        .map(|one| hear(one, Duration::from_millis(1_500)));
    let others = join_all(others).await;
    // it moves their trail, and nothing is to do so afterwards
    eventually("it was read again", async || {
        let all = world.meshline.all("/audit?action=receipt.processed").await;
        let again = all
            .iter()
            .filter(|one| one["subject_id"] == receipt.as_str());
        (again.count() > before).then_some(())
    })
    .await;
    assert!(
        own.iter().any(|(_, heard)| heard.contains("data:")),
        "nobody hears anything: {own:?}"
    );
    let told = others
        .iter()
        .filter(|(_, heard)| heard.contains("data:"))
        .map(|(role, heard)| format!("GET /live as {role}: hears {heard}"))
        .collect();
    (others.len(), told)
}
