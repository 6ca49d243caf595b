//! Every page's path. All are rendered whole before a byte is sent (`SsrMode::Async`): a status or a
//! redirect can still be set while a page loads, and without JavaScript nothing is missing.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    hooks::use_params_map,
    path,
};

use crate::{
    features::{
        account::{AccountPage, ForgottenPage, ResetPage},
        approvals::{ApprovalPage, ApprovalsPage},
        audit::{AuditPage, WitnessesPage},
        briefs::{BriefPage, BriefsPage},
        chat::{ChatLinkPage, ChatSettingsPage, DecisionLinkPage},
        connections::{ConnectionPage, ConnectionsPage, NewDestinationPage, NewSourcePage},
        contracts::{
            ContractDraftPage, ContractPage, ContractSectionPage, ContractsPage, NewContractPage,
        },
        cover::{CalendarPage, CoverPage, PolicyPage, RolePage, RotationPage},
        exports::{ExportPage, ExportsPage, KeysPage, OverridePage},
        flows::{
            CompareFlowPage, FlowDraftPage, FlowPage, FlowsPage, ImportFlowPage, MoveRunsPage,
            PublishFlowPage, editor::BoardPage,
        },
        operator::{
            ColleaguesPage, MakeTemplatePage, NewMerchantPage, OperatorSettingsPage, OverviewPage,
            PushTemplatePage, PushedPage, TemplateDetailPage, TemplatesPage,
        },
        orders::{OrderPage, OrdersPage},
        ownership::{OwnershipAuditPage, OwnershipPage},
        people::{InvitePage, LeavePage, NewInvitationPage, PeoplePage, PersonPage},
        playbook::PlaybookPage,
        queue::{HomePage, QueuePage},
        raci::RaciPage,
        receipts::{ReceiptPage, ReceiptsPage},
        reports::{CoordinationPage, IntegrationsPage, ReportsPage, StallsPage},
        runs::RunPage,
        search::SearchPage,
        session::{ConfirmPage, LoginPage, RecoveryCodesPage, SecondFactorPage},
        settings::{AccessPage, NewTokenPage, RetentionPage, SettingsPage, TokensPage},
        setup::{SetupPage, TemplatePage},
        tasks::{TaskPage, TasksPage},
    },
    shell::document,
    web::{content_policy, go, not_found_page},
};

/// The whole HTML document around [`App`], with the policy of what it may load.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    content_policy();
    // pages that load a script of their own ask where the scripts are
    provide_context(options.clone());
    document(options, App)
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <FlatRoutes fallback=not_found_page>
                <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async/>
                <Route path=path!("/setup") view=SetupPage ssr=SsrMode::Async/>
                <Route path=path!("/second-factor") view=SecondFactorPage ssr=SsrMode::Async/>
                <Route path=path!("/confirm") view=ConfirmPage ssr=SsrMode::Async/>
                <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async/>
                <Route path=path!("/reset") view=ForgottenPage ssr=SsrMode::Async/>
                <Route path=path!("/reset/:token") view=ResetPage ssr=SsrMode::Async/>
                <Route path=path!("/account/recovery-codes") view=RecoveryCodesPage ssr=SsrMode::Async/>
                <Route path=path!("/") view=HomePage ssr=SsrMode::Async/>
                <Route path=path!("/o/:operator") view=OverviewPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:operator/people") view=ColleaguesPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:operator/settings") view=OperatorSettingsPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:operator/templates") view=TemplatesPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:operator/templates/new") view=MakeTemplatePage ssr=SsrMode::Async/>
                <Route path=path!("/o/:operator/templates/:id") view=TemplateDetailPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:operator/templates/:id/push") view=PushTemplatePage ssr=SsrMode::Async/>
                <Route path=path!("/o/:operator/templates/:id/pushes/:push") view=PushedPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:operator/merchants/new") view=NewMerchantPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant") view=MerchantHome ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/orders") view=OrdersPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/orders/:id") view=OrderPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/receipts") view=ReceiptsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/receipts/:id") view=ReceiptPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/briefs") view=BriefsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/briefs/:id") view=BriefPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/exports") view=ExportsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/exports/:id") view=ExportPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/exports/:id/override") view=OverridePage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/flows") view=FlowsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/flows/template") view=TemplatePage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/flows/import") view=ImportFlowPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/flows/:id/readiness") view=FlowDraftPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/flows/:id/publish") view=PublishFlowPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/flows/:id/compare") view=CompareFlowPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/flows/:id/move") view=MoveRunsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/flows/:id") view=FlowPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/flows/:id/draft") view=BoardPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/flows/:id/playbook") view=PlaybookPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/runs/:id") view=RunPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/reports") view=ReportsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/reports/coordination") view=CoordinationPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/reports/stalls") view=StallsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/reports/integrations") view=IntegrationsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/raci") view=RaciPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/ownership") view=OwnershipPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/ownership/audit") view=OwnershipAuditPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/contracts") view=ContractsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/contracts/new") view=NewContractPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/contracts/:id/draft") view=ContractDraftPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/contracts/:id/draft/:section") view=ContractSectionPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/contracts/:id") view=ContractPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/connections") view=ConnectionsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/connections/new") view=NewSourcePage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/connections/new-destination") view=NewDestinationPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/connections/:id") view=ConnectionPage ssr=SsrMode::Async/>
                <Route path=path!("/invite/:token") view=InvitePage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/people") view=PeoplePage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/people/invite") view=NewInvitationPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/people/cover") view=CoverPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/people/cover/roles/:owner") view=RolePage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/people/cover/rotations/:id") view=RotationPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/people/cover/calendars/:id") view=CalendarPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/people/cover/policies/:key") view=PolicyPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/people/:id") view=PersonPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/people/:id/leave") view=LeavePage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/audit") view=AuditPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/audit/keys") view=KeysPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/settings") view=SettingsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/settings/audit") view=WitnessesPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/settings/retention") view=RetentionPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/settings/access") view=AccessPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/settings/slack") view=ChatSettingsPage ssr=SsrMode::Async/>
                <Route path=path!("/a/:token") view=DecisionLinkPage ssr=SsrMode::Async/>
                <Route path=path!("/a/link/:token") view=ChatLinkPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/settings/tokens") view=TokensPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/settings/tokens/new") view=NewTokenPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/search") view=SearchPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/queue") view=QueuePage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/approvals") view=ApprovalsPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/approvals/:id") view=ApprovalPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/tasks") view=TasksPage ssr=SsrMode::Async/>
                <Route path=path!("/m/:merchant/tasks/:id") view=TaskPage ssr=SsrMode::Async/>
            </FlatRoutes>
        </Router>
    }
}

/// A merchant's front door leads to what waits there.
#[component]
fn MerchantHome() -> impl IntoView {
    // the queue itself says whether there is such a merchant
    let slug = use_params_map()
        .get_untracked()
        .get("merchant")
        .unwrap_or_default();
    go(&format!("/m/{slug}/queue"));
}
