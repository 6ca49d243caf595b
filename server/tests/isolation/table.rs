//! Every route there is, and how it is asked for what is not the asker's. One line per route; a route that
//! stands in the server and not here fails the test, and so does one that stands here only.
//!
//! A line names the route as `meshline routes` prints it, and the address and body with which it is called.
//! What stands in braces is filled in: `{merchant}` and `{operator}` with a slug, everything else with an
//! id (see `world.rs` for what there is). Each line is asked twice for every role and placement: once with
//! what belongs to somebody else, once with what does not exist, and the answers must be the same.

/// What is sent along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    Nothing,
    /// As a browser sends a form.
    Form(&'static str),
    Json(&'static str),
}

/// What is asked of the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Somebody else's is answered like nobody's.
    Same,
    /// They differ, for the reason given; nothing may be shown or changed all the same.
    Differ(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// `GET /m/{merchant}/orders`
    pub route: &'static str,
    pub address: &'static str,
    pub body: Body,
    pub answers: Answers,
}

const fn get(route: &'static str, address: &'static str) -> Row {
    Row {
        route,
        address,
        body: Body::Nothing,
        answers: Answers::Same,
    }
}

/// A server function: its address, and the fields of its form.
const fn form(route: &'static str, fields: &'static str) -> Row {
    Row {
        route,
        address: "",
        body: Body::Form(fields),
        answers: Answers::Same,
    }
}

const fn json(route: &'static str, address: &'static str, body: &'static str) -> Row {
    Row {
        route,
        address,
        body: Body::Json(body),
        answers: Answers::Same,
    }
}

impl Row {
    const fn differ(mut self, why: &'static str) -> Self {
        self.answers = Answers::Differ(why);
        self
    }
}

#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // pages
    get("GET /", "/"),
    get("GET /login", "/login?next=/m/{merchant}/orders/{order}"),
    get("GET /m/{merchant}", "/m/{merchant}").differ("it leads to the queue, which answers"),
    get("GET /m/{merchant}/orders", "/m/{merchant}/orders?q=zzcanar&cursor={cursor}"),
    get("GET /m/{merchant}/orders/{id}", "/m/{merchant}/orders/{order}"),
    get("GET /m/{merchant}/receipts", "/m/{merchant}/receipts?q=zzcanar"),
    get("GET /m/{merchant}/receipts/{id}", "/m/{merchant}/receipts/{receipt}"),
    get("GET /m/{merchant}/exports", "/m/{merchant}/exports?q=zzcanar"),
    get("GET /m/{merchant}/exports/{id}", "/m/{merchant}/exports/{export}"),
    get("GET /m/{merchant}/exports/{id}/override", "/m/{merchant}/exports/{export}/override"),
    get("GET /m/{merchant}/flows", "/m/{merchant}/flows"),
    get("GET /m/{merchant}/flows/template", "/m/{merchant}/flows/template?template=order-to-ship"),
    get("GET /m/{merchant}/flows/import", "/m/{merchant}/flows/import"),
    get("GET /m/{merchant}/flows/{id}", "/m/{merchant}/flows/{flow}"),
    get("GET /m/{merchant}/flows/{id}/readiness", "/m/{merchant}/flows/order-to-ship/readiness"),
    get("GET /m/{merchant}/flows/{id}/publish", "/m/{merchant}/flows/order-to-ship/publish"),
    get("GET /m/{merchant}/flows/{id}/compare", "/m/{merchant}/flows/promotion-go-live/compare?from=1&to=draft"),
    get("GET /m/{merchant}/flows/{id}/move", "/m/{merchant}/flows/order-to-ship/move?to=1"),
    get("GET /m/{merchant}/flows/{id}/draft", "/m/{merchant}/flows/order-to-ship/draft?view=table&step=ship"),
    get("GET /m/{merchant}/flows/{id}/playbook", "/m/{merchant}/flows/{flow}/playbook"),
    get("GET /m/{merchant}/reports", "/m/{merchant}/reports"),
    get("GET /m/{merchant}/reports/coordination", "/m/{merchant}/reports/coordination"),
    get("GET /m/{merchant}/reports/stalls", "/m/{merchant}/reports/stalls?orders={order}"),
    get("GET /m/{merchant}/reports/integrations", "/m/{merchant}/reports/integrations"),
    get("GET /m/{merchant}/runs/{id}", "/m/{merchant}/runs/{run}"),
    get("GET /m/{merchant}/raci", "/m/{merchant}/raci?flow=order-to-ship&from=1&to=1"),
    get("GET /m/{merchant}/ownership", "/m/{merchant}/ownership?holder=user:{person}"),
    get("GET /m/{merchant}/ownership/audit", "/m/{merchant}/ownership/audit"),
    get("GET /m/{merchant}/contracts", "/m/{merchant}/contracts"),
    get("GET /m/{merchant}/contracts/{id}", "/m/{merchant}/contracts/{contract}"),
    get("GET /m/{merchant}/connections", "/m/{merchant}/connections"),
    get("GET /m/{merchant}/connections/new", "/m/{merchant}/connections/new"),
    get("GET /m/{merchant}/connections/new-destination", "/m/{merchant}/connections/new-destination"),
    get("GET /m/{merchant}/connections/{id}", "/m/{merchant}/connections/{source}"),
    get("GET /m/{merchant}/connections/{id}", "/m/{merchant}/connections/{destination}"),
    get("GET /m/{merchant}/audit", "/m/{merchant}/audit?subject={order}"),
    get("GET /m/{merchant}/audit/keys", "/m/{merchant}/audit/keys"),
    get("GET /m/{merchant}/search", "/m/{merchant}/search?q=zzcanar"),
    get("GET /m/{merchant}/search", "/m/{merchant}/search?q={order}"),
    get("GET /m/{merchant}/queue", "/m/{merchant}/queue"),
    get("GET /m/{merchant}/approvals", "/m/{merchant}/approvals?q=zzcanar"),
    get("GET /m/{merchant}/approvals/{id}", "/m/{merchant}/approvals/{approval}"),
    get("GET /m/{merchant}/tasks", "/m/{merchant}/tasks?q=zzcanar"),
    get("GET /m/{merchant}/tasks/{id}", "/m/{merchant}/tasks/{task}"),
    get("GET /m/{merchant}/people", "/m/{merchant}/people"),
    get("GET /m/{merchant}/people/invite", "/m/{merchant}/people/invite"),
    get("GET /m/{merchant}/people/{id}", "/m/{merchant}/people/{person}"),
    get("GET /m/{merchant}/people/cover", "/m/{merchant}/people/cover"),
    get("GET /m/{merchant}/people/cover/roles/{owner}", "/m/{merchant}/people/cover/roles/agency:{role}"),
    get("GET /m/{merchant}/people/cover/rotations/{id}", "/m/{merchant}/people/cover/rotations/{rotation}"),
    get("GET /m/{merchant}/people/cover/calendars/{id}", "/m/{merchant}/people/cover/calendars/{calendar}"),
    get("GET /m/{merchant}/people/cover/policies/{key}", "/m/{merchant}/people/cover/policies/{policy}"),
    get("GET /m/{merchant}/people/{id}/leave", "/m/{merchant}/people/{person}/leave"),
    get("GET /m/{merchant}/settings", "/m/{merchant}/settings"),
    get("GET /m/{merchant}/settings/access", "/m/{merchant}/settings/access"),
    get("GET /m/{merchant}/settings/tokens", "/m/{merchant}/settings/tokens"),
    get("GET /m/{merchant}/settings/tokens/new", "/m/{merchant}/settings/tokens/new"),
    get("GET /o/{operator}", "/o/{operator}"),
    get("GET /o/{operator}/people", "/o/{operator}/people"),
    get("GET /o/{operator}/settings", "/o/{operator}/settings"),
    get("GET /o/{operator}/merchants/new", "/o/{operator}/merchants/new"),
    // who has a link was sent it: here it is one that nobody was
    get("GET /invite/{token}", "/invite/not-a-link"),
    get("GET /account/recovery-codes", "/account/recovery-codes"),
    get("GET /account", "/account"),
    // an installation that somebody has set up has nothing left to set up
    get("GET /setup", "/setup"),
    get("GET /reset", "/reset"),
    get("GET /reset/{token}", "/reset/not-a-link"),
    get("GET /confirm", "/confirm?next=/m/{merchant}/queue"),
    get("GET /second-factor", "/second-factor?next=/m/{merchant}/queue"),

    // lists as files
    get("GET /m/{merchant}/orders.csv", "/m/{merchant}/orders.csv?q=zzcanar"),
    get("GET /m/{merchant}/receipts.csv", "/m/{merchant}/receipts.csv"),
    get("GET /m/{merchant}/exports.csv", "/m/{merchant}/exports.csv"),
    get("GET /m/{merchant}/tasks.csv", "/m/{merchant}/tasks.csv"),
    get("GET /m/{merchant}/people.csv", "/m/{merchant}/people.csv"),
    get("GET /m/{merchant}/raci.csv", "/m/{merchant}/raci.csv?q=zzcanar"),
    get("GET /m/{merchant}/reports/coordination.csv", "/m/{merchant}/reports/coordination.csv"),
    get("GET /m/{merchant}/reports/integrations.csv", "/m/{merchant}/reports/integrations.csv"),
    get("GET /m/{merchant}/ownership.csv", "/m/{merchant}/ownership.csv"),
    get("GET /m/{merchant}/flows/{id}/playbook.csv", "/m/{merchant}/flows/{flow}/playbook.csv"),

    // changes
    get("GET /live", "/live?merchant={merchant}"),

    // forms
    form("POST /ui/task/claim", "merchant={merchant}&task={task}"),
    form("POST /ui/task/release", "merchant={merchant}&task={task}"),
    form("POST /ui/task/reassign", "merchant={merchant}&task={task}&owner=user:{person}"),
    form("POST /ui/task/snooze", "merchant={merchant}&task={task}&until_when=1h"),
    form("POST /ui/task/resolve", "merchant={merchant}&task={task}&note=mine"),
    form("POST /ui/run/pause", "merchant={merchant}&run={run}&reason=mine"),
    form("POST /ui/run/resume", "merchant={merchant}&run={run}&reason=mine"),
    form("POST /ui/run/cancel", "merchant={merchant}&run={run}&reason=mine"),
    form("POST /ui/run/start", "merchant={merchant}&flow={flow}&order={order}&reference=a&title=Mine&f[size]=small"),
    form("POST /ui/export/withdraw", "merchant={merchant}&export={export}&reason=mine"),
    form("POST /ui/flow/adopt", "merchant={merchant}&template=order-to-ship&destination={destination}&who[operations]=user:{person}"),
    form("POST /ui/flow/edit", "merchant={merchant}&flow=order-to-ship&rev=1&act=flow&f[name]=Mine&f[outcome]=mine"),
    form("POST /ui/flow/save", "merchant={merchant}&flow=order-to-ship&rev=1&draft={}"),
    form("POST /ui/flow/board", "merchant={merchant}&flow=order-to-ship&layout=yes"),
    form("POST /ui/flow/new", "merchant={merchant}&name=Mine"),
    form("POST /ui/flow/begin", "merchant={merchant}&flow=order-to-ship&version={flow}"),
    form("POST /ui/flow/discard", "merchant={merchant}&flow=order-to-ship&rev=1"),
    form("POST /ui/flow/rebase", "merchant={merchant}&flow=order-to-ship&rev=1&version=1"),
    form("POST /ui/flow/publish", "merchant={merchant}&flow=order-to-ship&hash=sha256:0&note=because"),
    form("POST /ui/flow/ask", "merchant={merchant}&flow=order-to-ship&hash=sha256:0&note=because"),
    form("POST /ui/flow/agree", "merchant={merchant}&flow=order-to-ship&hash=sha256:0"),
    form("POST /ui/flow/decline", "merchant={merchant}&flow=order-to-ship&hash=sha256:0&why=because"),
    form("POST /ui/flow/withdraw", "merchant={merchant}&flow=order-to-ship"),
    form("POST /ui/flow/rollback", "merchant={merchant}&version={flow}&live=1"),
    form("POST /ui/flow/retire", "merchant={merchant}&flow=order-to-ship"),
    form("POST /ui/flow/resume", "merchant={merchant}&flow=order-to-ship"),
    form("POST /ui/flow/replace", "merchant={merchant}&kind=contract&what=fulfillment_request&by=promo_activation"),
    form("POST /ui/flow/move", "merchant={merchant}&from={flow}&to={flow}&why=because"),
    form("POST /ui/flow/move-cancel", "merchant={merchant}&id={flow}"),
    form("POST /ui/flow/import", "merchant={merchant}&document={}"),
    form("POST /ui/merchant/publishing", "merchant={merchant}&by_two=true"),
    form("POST /ui/campaign/start", "merchant={merchant}&flow={flow}&campaign_id=a-1&title=Mine&offer=All&discount_percent=10&skus=A&landing_url=https://shop.example/a&starts_at=2026-12-01T10:00&ends_at=2026-12-02T10:00&note=mine"),
    form("POST /ui/source/create", "merchant={merchant}&system=shopify&name=Mine&secret=mine-mine-mine-mine"),
    form("POST /ui/source/rotate", "merchant={merchant}&source={source}&secret=mine-mine-mine-mine"),
    form("POST /ui/source/test", "merchant={merchant}&source={source}"),
    form("POST /ui/source/update", "merchant={merchant}&source={source}&name=Mine&owner=user:{person}&backup=user:{person}"),
    form("POST /ui/source/switch", "merchant={merchant}&source={source}&on=no"),
    form("POST /ui/destination/create", "merchant={merchant}&name=&key=&system=wms&party=3pl&url=https://wms.example/x"),
    form("POST /ui/destination/update", "merchant={merchant}&destination={destination}&name=Mine&url=https://wms.example/x"),
    form("POST /ui/destination/rotate", "merchant={merchant}&destination={destination}"),
    form("POST /ui/destination/test", "merchant={merchant}&destination={destination}"),
    form("POST /ui/destination/retire", "merchant={merchant}&destination={destination}"),
    form("POST /ui/destination/replace", "merchant={merchant}&destination={destination}&seen=none&by=mine"),
    form("POST /ui/destination/resume", "merchant={merchant}&destination={destination}"),
    form("POST /ui/approval/decide", "merchant={merchant}&export={export}&seen_hash={hash}&verdict=approve"),
    form("POST /ui/approval/decide", "merchant={merchant}&export={pending}&seen_hash={hash}&verdict=decline&reason=mine"),
    form("POST /ui/approval/alike", "merchant={merchant}&chosen[]={approval}+{hash}"),
    form("POST /ui/approval/comment", "merchant={merchant}&approval={approval}&comment=mine"),
    form("POST /ui/approval/remind", "merchant={merchant}&approval={approval}"),
    form("POST /ui/approval/ask", "merchant={merchant}&approval={approval}&ask_whom={person}&question=mine"),
    form("POST /ui/approval/answer", "merchant={merchant}&approval={approval}&answer=mine"),
    form("POST /ui/approval/reassign", "merchant={merchant}&approval={approval}&pass_to=user:{person}"),
    form("POST /ui/approval/look", "merchant={merchant}&approval={approval}"),
    form("POST /ui/delegation/give", "delegate={merchant}+{person}&ends_at=2026-12-01T10:00"),
    form("POST /ui/delegation/end", "merchant={merchant}&delegation={person}"),
    form("POST /ui/export/override", "merchant={merchant}&export={export}&seen_hash={hash}&payload={}&justification=mine"),
    form("POST /ui/receipt/replay", "merchant={merchant}&receipt={receipt}"),
    form("POST /ui/theme", "theme=dark"),
    form("POST /ui/people/invite", "merchant={merchant}&email=mine@example.com&name=Mine&access=viewer&party=agency"),
    form("POST /ui/people/resend", "merchant={merchant}&invitation={invitation}"),
    form("POST /ui/people/revoke", "merchant={merchant}&invitation={invitation}"),
    form("POST /ui/people/change", "merchant={merchant}&person={person}&access=viewer&party=agency"),
    form("POST /ui/people/take-out", "merchant={merchant}&person={person}&seen=none"),
    form("POST /ui/people/deactivate", "merchant={merchant}&person={person}&seen=none"),
    form("POST /ui/people/reactivate", "merchant={merchant}&person={person}"),
    form("POST /ui/cover/rotation", "merchant={merchant}&rotation={rotation}&rev=0&name=Mine"),
    form("POST /ui/cover/rotation-remove", "merchant={merchant}&rotation={rotation}&rev=0"),
    form("POST /ui/cover/stand-in", "merchant={merchant}&rotation={rotation}&user={person}"),
    form("POST /ui/cover/stand-down", "merchant={merchant}&rotation={rotation}&stand_in={person}"),
    form("POST /ui/cover/calendar", "merchant={merchant}&calendar={calendar}&rev=0&name=Mine"),
    form("POST /ui/cover/calendar-remove", "merchant={merchant}&calendar={calendar}&rev=0"),
    form("POST /ui/cover/set", "merchant={merchant}&owner=agency:logistics&rev=7&by=mine"),
    form("POST /ui/cover/policy", "merchant={merchant}&policy={policy}&version=1&name=Mine"),
    form("POST /ui/cover/policy-use", "merchant={merchant}&key={policy}&contract={contract}"),
    form("POST /ui/cover/policy-retire", "merchant={merchant}&key={policy}&version=1"),
    form("POST /ui/cover/policy-resume", "merchant={merchant}&key={policy}"),
    form("POST /ui/cover/policy-replace", "merchant={merchant}&key={policy}&seen=none&by=other"),
    form("POST /ui/cover/role-add", "merchant={merchant}&title="),
    form("POST /ui/cover/role-rename", "merchant={merchant}&role={person}&title=Mine"),
    form("POST /ui/cover/role-remove", "merchant={merchant}&role={person}"),
    form("POST /ui/cover/replace", "merchant={merchant}&owner=agency:logistics&seen=none&to=agency:operations"),
    form("POST /ui/people/reset-link", "merchant={merchant}&person={person}"),
    form("POST /ui/invite/accept-new", "token=not-a-link&name=Mine&password=long-enough-to-be-one"),
    form("POST /ui/invite/accept", "token=not-a-link"),
    form("POST /ui/merchant/hourly-cost", "merchant={merchant}&amount=45&currency=USD"),
    form("POST /ui/merchant/rename", "merchant={merchant}&name="),
    form("POST /ui/token/create", "merchant={merchant}&name=&preset=read&term=30"),
    form("POST /ui/token/rotate", "merchant={merchant}&token={token}"),
    form("POST /ui/token/revoke", "merchant={merchant}&token={token}"),
    form("POST /ui/operator/let-in", "operator={operator}&email=mine@example.com&access=viewer"),
    form("POST /ui/operator/change-person", "operator={operator}&user={person}&access=viewer"),
    form("POST /ui/operator/remove-person", "operator={operator}&user={person}"),
    form("POST /ui/operator/change", "operator={operator}&name="),
    form("POST /ui/operator/add-merchant", "operator={operator}&name=&slug="),

    // API
    get("GET /api/v1/receipts", "/api/v1/receipts?q=zzcanar&cursor={cursor}"),
    get("GET /api/v1/receipts/{id}", "/api/v1/receipts/{receipt}"),
    get("GET /api/v1/orders", "/api/v1/orders?q=zzcanar&merchant={merchant}"),
    get("GET /api/v1/orders/{id}", "/api/v1/orders/{order}"),
    get("GET /api/v1/flows", "/api/v1/flows"),
    get("GET /api/v1/flows/{id}", "/api/v1/flows/{flow}"),
    get("GET /api/v1/flows/{id}/export", "/api/v1/flows/{flow}/export?of=draft"),
    get("GET /api/v1/runs/{id}", "/api/v1/runs/{run}"),
    json("POST /api/v1/runs", "/api/v1/runs", r#"{"flow":"order-to-ship","order_id":"{order}"}"#),
    json("POST /api/v1/runs/{id}/pause", "/api/v1/runs/{run}/pause", r#"{"reason":"mine"}"#),
    json("POST /api/v1/runs/{id}/resume", "/api/v1/runs/{run}/resume", r#"{"reason":"mine"}"#),
    json("POST /api/v1/runs/{id}/cancel", "/api/v1/runs/{run}/cancel", r#"{"reason":"mine"}"#),
    get("GET /api/v1/connections", "/api/v1/connections"),
    get("GET /api/v1/contracts", "/api/v1/contracts"),
    get("GET /api/v1/contracts/{id}", "/api/v1/contracts/{contract}"),
    get("GET /api/v1/contracts/{id}/versions/{version}/schema", "/api/v1/contracts/{contract}/versions/1.0/schema"),
    get("GET /api/v1/exports", "/api/v1/exports?q=zzcanar"),
    get("GET /api/v1/exports/{id}", "/api/v1/exports/{export}"),
    get("GET /api/v1/approvals", "/api/v1/approvals"),
    get("GET /api/v1/approvals/{id}", "/api/v1/approvals/{approval}"),
    get("GET /api/v1/delegations", "/api/v1/delegations"),
    get("GET /api/v1/tasks", "/api/v1/tasks?q=zzcanar"),
    get("GET /api/v1/tasks/{id}", "/api/v1/tasks/{task}"),
    get("GET /api/v1/audit", "/api/v1/audit?subject_kind=order&subject_id={order}"),
    get("GET /api/v1/audit/export", "/api/v1/audit/export").differ("taking the trail out is noted in it"),
    get("GET /api/v1/people", "/api/v1/people"),
    get("GET /api/v1/cover", "/api/v1/cover"),
    get("GET /api/v1/reports/{name}", "/api/v1/reports/ownership?merchant={merchant}"),
    get("GET /api/v1/tokens", "/api/v1/tokens"),
    json("POST /api/v1/receipts/{id}/replay", "/api/v1/receipts/{receipt}/replay", ""),
    json("POST /api/v1/flows", "/api/v1/flows", r#"{"flow":{}}"#),
    json("POST /api/v1/flows/{id}/versions", "/api/v1/flows/{flow}/versions", r#"{"flow":{},"base_version":1}"#),
    json("POST /api/v1/flows/{id}/publish", "/api/v1/flows/{flow}/publish", r#"{"hash":"sha256:0","note":"because"}"#),
    json("POST /api/v1/exports", "/api/v1/exports", r#"{"flow":"promotion-go-live","campaign":{"campaign_id":"{order}","title":"{order}"}}"#),
    json("POST /api/v1/exports/{id}/approve", "/api/v1/exports/{pending}/approve", r#"{"content_hash":"{hash}"}"#),
    json("POST /api/v1/exports/{id}/decline", "/api/v1/exports/{pending}/decline", r#"{"content_hash":"{hash}","reason":"mine"}"#),
    json("POST /api/v1/exports/{id}/withdraw", "/api/v1/exports/{pending}/withdraw", r#"{"reason":"mine"}"#),
    json("POST /api/v1/exports/{id}/cancel", "/api/v1/exports/{pending}/cancel", r#"{"reason":"mine"}"#),
    json("POST /api/v1/exports/{id}/override", "/api/v1/exports/{export}/override", r#"{"payload":{},"justification":"mine","content_hash":"{hash}"}"#),
    json("POST /api/v1/approvals/{id}/comment", "/api/v1/approvals/{approval}/comment", r#"{"text":"mine"}"#),
    json("POST /api/v1/approvals/{id}/remind", "/api/v1/approvals/{approval}/remind", ""),
    json("POST /api/v1/approvals/{id}/ask", "/api/v1/approvals/{approval}/ask", r#"{"to":"{person}","question":"mine"}"#),
    json("POST /api/v1/approvals/{id}/answer", "/api/v1/approvals/{approval}/answer", r#"{"answer":"mine"}"#),
    json("POST /api/v1/approvals/{id}/reassign", "/api/v1/approvals/{approval}/reassign", r#"{"to":"user:{person}"}"#),
    json("POST /api/v1/delegations", "/api/v1/delegations", r#"{"to":"{person}","ends_at":"2026-12-01T10:00:00Z"}"#),
    json("POST /api/v1/delegations/{id}/end", "/api/v1/delegations/{person}/end", ""),
    json("POST /api/v1/exports/{id}/ack", "/api/v1/exports/{export}/ack", r#"{"status":"accepted"}"#),
    json("POST /api/v1/tasks/{id}/claim", "/api/v1/tasks/{task}/claim", ""),
    json("POST /api/v1/tasks/{id}/release", "/api/v1/tasks/{task}/release", ""),
    json("POST /api/v1/tasks/{id}/reassign", "/api/v1/tasks/{task}/reassign", r#"{"owner":{"user_id":"{person}"}}"#),
    json("POST /api/v1/tasks/{id}/snooze", "/api/v1/tasks/{task}/snooze", r#"{"until":"2026-12-01T10:00:00Z"}"#),
    json("POST /api/v1/tasks/{id}/resolve", "/api/v1/tasks/{task}/resolve", r#"{"note":"mine"}"#),
    get("GET /api/openapi.json", "/api/openapi.json"),
    get("GET /api/docs", "/api/docs"),
    get("GET /api/docs/{part}", "/api/docs/no-such-part"),

    // intake, and what tells how the process is
    json("POST /in/{source}", "/in/{source_path}", r#"{"id":1}"#).differ("the path is a secret: who knows it hears that the signature is wrong"),
    get("GET /healthz", "/healthz"),
    get("GET /readyz", "/readyz"),
    get("GET /metrics", "/metrics"),

    // signing in, of nobody but oneself
    form("POST /ui/login", "email=nobody@example.com&password=wrong"),
    form("POST /ui/second-factor", "code=000000"),
    form("POST /ui/second-factor/begin", ""),
    form("POST /ui/second-factor/confirm", "code=000000"),
    form("POST /ui/second-factor/codes", ""),
    form("POST /ui/second-factor/off", ""),
    form("POST /ui/confirm", "code=000000"),
    form("POST /ui/account/notices", "mails=1"),
    form("POST /ui/notice/read", "merchant={merchant}&notice={task}"),
    form("POST /ui/notice/read", "merchant={merchant}"),
    form("POST /ui/account/password", "old=wrong&password=wrong"),
    form("POST /ui/setup", "code=wrong&operator=Mine&name=Mine&email=mine@example.com&password=wrong"),
    form("POST /ui/reset/ask", "email=nobody@example.com"),
    form("POST /ui/reset", "token=not-a-link&password=wrong"),
    form("POST /ui/session/revoke", "session_key={session}"),
    form("POST /ui/session/revoke-others", ""),
    // last: the session ends with it
    form("POST /ui/logout", ""),
];
