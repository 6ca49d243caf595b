//! What a person wrote, read into a brief, or every fault of it.

use domain::{
    Time,
    brief::{Brief, BriefState, Content},
    flow::Flow,
    owner::Owner,
};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    error::{Error, FieldError, Result},
    publish::CampaignInput,
    rules::Rules,
};

/// What a person writes. Lists are separated by commas or lines, SKUs by spaces too.
#[derive(Clone, Debug, Default)]
pub struct BriefInput {
    /// Of a new one; it never changes.
    pub campaign_id: String,
    /// The flow that starts; empty where only one starts with campaigns.
    pub flow: String,
    pub title: String,
    pub offer: String,
    pub terms: String,
    pub discount_percent: String,
    pub skus: String,
    pub keywords: String,
    /// `agency:marketing_ops`, `user:<id>`; empty: nobody.
    pub keywords_owner: String,
    pub creative_ids: String,
    pub landing_urls: String,
    pub starts_at: String,
    pub ends_at: String,
    pub note: String,
}

impl From<CampaignInput> for BriefInput {
    fn from(input: CampaignInput) -> Self {
        Self {
            campaign_id: input.campaign_id,
            title: input.title,
            offer: input.offer,
            discount_percent: input.discount_percent,
            skus: input.skus,
            landing_urls: input.landing_url,
            starts_at: input.starts_at,
            ends_at: input.ends_at,
            note: input.note,
            ..Self::default()
        }
    }
}

fn fault(field: &str, sentence: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        sentence: sentence.into(),
    }
}

pub(super) fn new_brief(
    input: &BriefInput,
    flow: &Flow,
    id: Uuid,
    by: Uuid,
    ctx: &Ctx,
) -> Result<Brief> {
    let campaign_id = input.campaign_id.trim().to_owned();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let mut faults = Vec::new();
    if campaign_id.is_empty() || campaign_id.len() > 64 || !campaign_id.chars().all(plain) {
        faults.push(fault(
            "campaign_id",
            "Use lower-case letters, digits and dashes, at most 64, e.g. winter-kit-26.",
        ));
    }
    let read = read_content(input, ctx.now(), &mut faults);
    if !faults.is_empty() {
        return Err(Error::invalid_fields(faults));
    }
    Ok(Brief {
        id,
        merchant_id: ctx.merchant_id(),
        campaign_id,
        flow_key: flow.key.clone(),
        state: BriefState::Draft,
        version: 1,
        content: read,
        created_by: by,
        created_at: ctx.now(),
        updated_at: ctx.now(),
        ready_version: None,
        because: None,
        rev: 0,
    })
}

pub(super) fn content(input: &BriefInput, rules: &Rules, now: Time) -> Result<Content> {
    let mut faults = Vec::new();
    let read = read_content(input, now, &mut faults);
    faults.extend(owner_fault(&read, rules));
    if faults.is_empty() {
        Ok(read)
    } else {
        Err(Error::invalid_fields(faults))
    }
}

pub(super) fn owner_fault(content: &Content, rules: &Rules) -> Option<FieldError> {
    let owner = content.keywords_owner.as_ref()?;
    let gone = rules.people(owner).is_empty();
    gone.then(|| fault("keywords_owner", format!("{owner} is nobody active here.")))
}

fn split(text: &str, by_space: bool) -> Vec<String> {
    let is_end = |c: char| c == ',' || c == '\n' || (by_space && c.is_whitespace());
    let mut found: Vec<String> = Vec::new();
    for part in text.split(is_end).map(str::trim) {
        if !part.is_empty() && !found.iter().any(|known| known == part) {
            found.push(part.to_owned());
        }
    }
    found
}

fn read_content(input: &BriefInput, now: Time, faults: &mut Vec<FieldError>) -> Content {
    let mut text = |field: &str, value: &str, most: usize, must: bool| {
        let value = value.trim();
        if (must && value.is_empty()) || value.chars().count() > most {
            faults.push(fault(
                field,
                format!("Write something here, at most {most} characters."),
            ));
        }
        value.to_owned()
    };
    let title = text("title", &input.title, 120, true);
    let offer = text("offer", &input.offer, 200, true);
    let terms = text("terms", &input.terms, 4_000, false);
    let note = text("note", &input.note, 1_000, false);
    let skus = split(&input.skus, true);
    if skus.is_empty() || skus.len() > 500 {
        faults.push(fault("skus", "Name between 1 and 500 SKUs."));
    }
    let short = |one: &String| one.chars().count() <= 120;
    let keywords = split(&input.keywords, false);
    let creative_ids = split(&input.creative_ids, true);
    for (field, list) in [("keywords", &keywords), ("creative_ids", &creative_ids)] {
        if list.len() > 200 || !list.iter().all(short) {
            faults.push(fault(field, "At most 200, each of at most 120 characters."));
        }
    }
    let landing_urls = split(&input.landing_urls, true);
    let is_page = |url: &String| url.starts_with("https://") && url.len() <= 500;
    // the form for one page, and the whole brief's for several, name the same
    if landing_urls.is_empty() || landing_urls.len() > 20 || !landing_urls.iter().all(is_page) {
        faults.push(fault(
            "landing_url",
            "Name between 1 and 20 landing pages, each starting with https://.",
        ));
    }
    let keywords_owner = match input.keywords_owner.trim() {
        "" => None,
        typed => typed
            .parse::<Owner>()
            .map_err(|_| {
                faults.push(fault(
                    "keywords_owner",
                    "A role of a party, such as agency:marketing_ops, or a person.",
                ));
            })
            .ok(),
    };
    if keywords_owner.is_none() && !keywords.is_empty() && input.keywords_owner.trim().is_empty() {
        faults.push(fault("keywords_owner", "Say who answers for the keywords."));
    }
    let discount_percent = input.discount_percent.trim().parse::<i64>().unwrap_or(0);
    if !(1..=90).contains(&discount_percent) {
        faults.push(fault("discount_percent", "A whole number from 1 to 90."));
    }
    let mut moment = |field: &str, value: &str| {
        // A browser's datetime-local has neither seconds nor zone; it is read as UTC.
        let value = value.trim();
        let read = value
            .parse::<Time>()
            .or_else(|_| format!("{value}:00Z").parse());
        read.unwrap_or_else(|_| {
            faults.push(fault(field, "A date and a time, e.g. 2026-11-27T15:00Z."));
            Time::default()
        })
    };
    let starts_at = moment("starts_at", &input.starts_at);
    let ends_at = moment("ends_at", &input.ends_at);
    if faults.is_empty() && (ends_at <= starts_at || ends_at <= now) {
        faults.push(fault(
            "ends_at",
            "It has to end after it starts, and not in the past.",
        ));
    }
    Content {
        title,
        offer,
        terms,
        discount_percent,
        skus,
        keywords,
        keywords_owner,
        creative_ids,
        landing_urls,
        starts_at,
        ends_at,
        note,
    }
}
