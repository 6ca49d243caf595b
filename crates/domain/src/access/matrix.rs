//! The tables themselves.

use super::{Access, Action};

/// What something is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Noun {
    Order,
    Receipt,
    Export,
    Approval,
    Task,
    Flow,
    Contract,
    Connection,
    Audit,
    Person,
    Token,
    Settings,
}

impl Noun {
    pub const ALL: [Self; 12] = [
        Self::Order,
        Self::Receipt,
        Self::Export,
        Self::Approval,
        Self::Task,
        Self::Flow,
        Self::Contract,
        Self::Connection,
        Self::Audit,
        Self::Person,
        Self::Token,
        Self::Settings,
    ];

    /// Of many: the heading of its rows.
    pub fn title(self) -> &'static str {
        match self {
            Self::Order => "Orders",
            Self::Receipt => "Receipts",
            Self::Export => "Exports",
            Self::Approval => "Approvals",
            Self::Task => "Tasks",
            Self::Flow => "Flows",
            Self::Contract => "Contracts",
            Self::Connection => "Connections",
            Self::Audit => "Audit trail",
            Self::Person => "People",
            Self::Token => "API tokens",
            Self::Settings => "Settings",
        }
    }

    /// As errors name it: "There is no such order here."
    pub fn word(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Receipt => "receipt",
            Self::Export => "export",
            Self::Approval => "approval",
            Self::Task => "task",
            Self::Flow => "flow",
            Self::Contract => "contract",
            Self::Connection => "connection",
            Self::Audit => "audit trail",
            Self::Person => "person",
            Self::Token => "token",
            Self::Settings => "page",
        }
    }

    /// The noun of a merchant's page, by the first part of its path.
    pub fn of_page(path: &str) -> Option<Self> {
        match path.split('/').next().unwrap_or_default() {
            "orders" => Some(Self::Order),
            "receipts" => Some(Self::Receipt),
            "exports" => Some(Self::Export),
            "approvals" => Some(Self::Approval),
            "tasks" => Some(Self::Task),
            "flows" | "briefs" | "raci" | "reports" => Some(Self::Flow),
            "contracts" => Some(Self::Contract),
            "connections" => Some(Self::Connection),
            "audit" => Some(Self::Audit),
            "people" | "ownership" => Some(Self::Person),
            "settings" => Some(Self::Settings),
            _ => None,
        }
    }

    /// The cell that lets somebody see it.
    pub fn read_cell(self) -> Option<&'static Cell> {
        CELLS
            .iter()
            .find(|cell| cell.noun == self && cell.verb == READ)
    }
}

/// The verb of every cell that changes nothing.
const READ: &str = "read";

/// One noun, one verb, the action that stands for it, and what it lets one do, in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub noun: Noun,
    pub verb: &'static str,
    pub action: Action,
    pub sentence: &'static str,
    /// Whether somebody of a party from outside has it, too; always only for what is theirs.
    pub outside: bool,
}

impl Cell {
    pub fn reads(&self) -> bool {
        self.verb == READ
    }
}

const fn cell(noun: Noun, verb: &'static str, action: Action, sentence: &'static str) -> Cell {
    Cell {
        noun,
        verb,
        action,
        sentence,
        outside: false,
    }
}

const fn open(cell: Cell) -> Cell {
    Cell {
        outside: true,
        ..cell
    }
}

use Action as A;
use Noun as N;

/// Every noun with every verb there is for it.
pub const CELLS: &[Cell] = &[
    cell(
        N::Order,
        READ,
        A::ViewWork,
        "Orders with their items, money, parcels and history.",
    ),
    cell(
        N::Receipt,
        READ,
        A::ViewWork,
        "What arrived, byte by byte, and what became of it.",
    ),
    cell(
        N::Receipt,
        "replay",
        A::Control,
        "Process a receipt once more.",
    ),
    open(cell(
        N::Export,
        READ,
        A::ViewWork,
        "What goes out, its checks, attempts and answers.",
    )),
    cell(
        N::Export,
        "take back",
        A::Control,
        "Withdraw or cancel an export before it is sent.",
    ),
    cell(
        N::Export,
        "override",
        A::Override,
        "Change what an export says, with a reason and a signature.",
    ),
    cell(
        N::Export,
        "acknowledge",
        A::Acknowledge,
        "Answer for a destination that an export was taken, done or refused.",
    ),
    open(cell(
        N::Approval,
        READ,
        A::ViewWork,
        "Who is asked for what, and what they said.",
    )),
    open(cell(
        N::Approval,
        "decide",
        A::Decide,
        "Approve or decline what waits on one’s own role.",
    )),
    open(cell(
        N::Approval,
        "discuss",
        A::Discuss,
        "Comment, answer what was asked, remind those who are asked.",
    )),
    open(cell(
        N::Task,
        READ,
        A::ViewWork,
        "What went wrong, whose move it is, and until when.",
    )),
    open(cell(
        N::Task,
        "work",
        A::WorkTasks,
        "Take, give back, reassign, snooze and resolve tasks.",
    )),
    cell(
        N::Flow,
        READ,
        A::ViewWork,
        "How work goes, step by step, and what runs now.",
    ),
    cell(
        N::Flow,
        "start",
        A::Trigger,
        "Start a campaign or a flow by hand, or ask for an export.",
    ),
    cell(
        N::Flow,
        "draw",
        A::DrawFlows,
        "Draw drafts of flows, change them, ask for them to be published.",
    ),
    cell(
        N::Flow,
        "publish",
        A::PublishFlows,
        "Publish a new version of a flow, move running items to it, retire a flow.",
    ),
    cell(
        N::Contract,
        READ,
        A::ViewWork,
        "What each kind of export promises, and to whom.",
    ),
    cell(
        N::Contract,
        "draw",
        A::DrawContracts,
        "Draw drafts of contracts, change them, ask for them to be published.",
    ),
    cell(
        N::Contract,
        "publish",
        A::Publish,
        "Publish a new version of a contract, deprecate or retire one.",
    ),
    cell(
        N::Connection,
        READ,
        A::ViewConnections,
        "Sources and destinations; never their secrets.",
    ),
    cell(
        N::Connection,
        "manage",
        A::ManageConnections,
        "Connect systems, rotate their secrets, send test events.",
    ),
    cell(
        N::Audit,
        READ,
        A::ViewAudit,
        "Every entry, and the export to check it elsewhere.",
    ),
    cell(
        N::Person,
        READ,
        A::ViewPeople,
        "Who is here, and what they answer for.",
    ),
    cell(
        N::Person,
        "manage",
        A::ManagePeople,
        "Invite people, change their access and roles, take them out.",
    ),
    cell(
        N::Token,
        READ,
        A::ViewSettings,
        "Which tokens there are, what they may do, when they were used; never their secrets.",
    ),
    cell(
        N::Token,
        "manage",
        A::ManageTokens,
        "Make, rotate and revoke API tokens.",
    ),
    cell(
        N::Settings,
        READ,
        A::ViewSettings,
        "The merchant’s facts, and this table.",
    ),
    cell(
        N::Settings,
        "change",
        A::ManageMerchant,
        "Change what the merchant is called.",
    ),
];

/// Who has an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    pub action: Action,
    pub to: &'static [Access],
    /// Whether an API token can be given it. What needs a person, or could make further tokens, is not.
    pub tokens: bool,
}

const fn grant(action: Action, to: &'static [Access]) -> Grant {
    Grant {
        action,
        to,
        tokens: false,
    }
}

const fn tokens_too(grant: Grant) -> Grant {
    Grant {
        tokens: true,
        ..grant
    }
}

use Access::{Admin, Approver, Auditor, Operator};

const EVERYBODY: &[Access] = &Access::ALL;
const WORKERS: &[Access] = &[Admin, Approver, Operator];

/// Every action once.
pub const GRANTS: &[Grant] = &[
    tokens_too(grant(A::ViewWork, EVERYBODY)),
    tokens_too(grant(A::ViewAudit, &[Admin, Auditor])),
    grant(A::ViewPeople, EVERYBODY),
    grant(A::ViewConnections, EVERYBODY),
    tokens_too(grant(A::ViewSettings, EVERYBODY)),
    grant(A::Decide, &[Admin, Approver]),
    grant(A::Discuss, WORKERS),
    grant(A::Override, &[Admin]),
    tokens_too(grant(A::WorkTasks, WORKERS)),
    grant(A::Trigger, WORKERS),
    tokens_too(grant(A::Control, WORKERS)),
    tokens_too(grant(A::DrawFlows, WORKERS)),
    tokens_too(grant(A::PublishFlows, &[Admin])),
    tokens_too(grant(A::DrawContracts, WORKERS)),
    tokens_too(grant(A::Publish, &[Admin])),
    grant(A::ManageConnections, &[Admin]),
    grant(A::ManagePeople, &[Admin]),
    grant(A::ManageTokens, &[Admin]),
    grant(A::ManageMerchant, &[Admin]),
    tokens_too(grant(A::Acknowledge, &[Admin])),
];

// what stands in no grant is refused; better that the compiler asks
const _: () = assert!(GRANTS.len() == Action::ALL.len());

impl Action {
    pub fn grant(self) -> Option<&'static Grant> {
        GRANTS.iter().find(|grant| grant.action == self)
    }

    pub fn cells(self) -> impl Iterator<Item = &'static Cell> {
        CELLS.iter().filter(move |cell| cell.action == self)
    }

    /// Whether an API token can be given it.
    pub fn is_for_tokens(self) -> bool {
        self.grant().is_some_and(|grant| grant.tokens)
    }

    /// Whether somebody of a party from outside can have it, for what is theirs.
    pub fn is_open_outside(self) -> bool {
        self.cells().any(|cell| cell.outside)
    }

    /// Whether it is about a noun of which somebody from outside can see anything at all. What is not does not
    /// exist for them.
    pub fn is_known_outside(self) -> bool {
        self.cells()
            .filter_map(|cell| cell.noun.read_cell())
            .any(|read| read.outside)
    }

    /// "read orders, receipts, exports, approvals, tasks, flows and contracts", "decide approvals".
    pub fn words(self) -> String {
        let mut verbs: Vec<(&str, Vec<&str>)> = Vec::new();
        for cell in self.cells() {
            match verbs.iter_mut().find(|(verb, _)| *verb == cell.verb) {
                Some((_, nouns)) => nouns.push(cell.noun.title()),
                None => verbs.push((cell.verb, vec![cell.noun.title()])),
            }
        }
        let said: Vec<String> = verbs
            .into_iter()
            .map(|(verb, nouns)| format!("{verb} {}", listed(&nouns)))
            .collect();
        listed(&said)
    }
}

/// "a", "a and b", "a, b and c", with small first letters where they are words.
fn listed(names: &[impl AsRef<str>]) -> String {
    let names: Vec<String> = names.iter().map(|name| small(name.as_ref())).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// "Orders" reads "orders" inside a sentence; "API tokens" stays.
fn small(name: &str) -> String {
    let shouted = name.chars().take(2).all(char::is_uppercase);
    if shouted {
        return name.to_owned();
    }
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
