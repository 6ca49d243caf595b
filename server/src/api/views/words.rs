//! The small values every view is made of: times, money, and the words of a closed list.

use std::borrow::Cow;

use domain::{Money, Time, approval, delivery, event, export, flow, order, owner, receipt, task};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

/// An instant: RFC 3339, UTC, milliseconds.
#[derive(Clone, Copy, Serialize)]
#[serde(transparent)]
pub struct At(Time);

impl From<Time> for At {
    fn from(time: Time) -> Self {
        Self(time)
    }
}

impl PartialSchema for At {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC, with milliseconds"))
            .examples(["2026-11-27T15:00:00.000Z"])
            .into()
    }
}

impl ToSchema for At {
    fn name() -> Cow<'static, str> {
        "Time".into()
    }
}

/// An amount of money in whole minor units (cents for USD, yen for JPY).
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Money)]
pub struct Amount {
    #[schema(example = 23847)]
    amount_minor: i64,
    /// ISO 4217.
    #[schema(example = "USD", pattern = "^[A-Z]{3}$")]
    currency: String,
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self {
            amount_minor: money.minor,
            currency: money.currency.code().to_owned(),
        }
    }
}

/// A type whose values are the words of one of the domain's closed lists; the list is documented.
macro_rules! words {
    ($($name:ident = $word:ty, $all:expr;)+) => {$(
        #[derive(Clone, Copy, Serialize)]
        #[serde(transparent)]
        pub struct $name($word);

        impl From<$word> for $name {
            fn from(word: $word) -> Self {
                Self(word)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = $all.iter().filter_map(|word| serde_json::to_value(word).ok());
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )+};
}

words! {
    AckStatus = delivery::AckStatus, [
        delivery::AckStatus::Accepted, delivery::AckStatus::Rejected, delivery::AckStatus::Completed,
    ];
    ApprovalState = approval::ApprovalState, approval::ApprovalState::ALL;
    EventKind = event::EventKind, event::EventKind::ALL;
    ExceptionClass = task::ExceptionClass, [task::ExceptionClass::Soft, task::ExceptionClass::Hard];
    ExportState = export::ExportState, export::ExportState::ALL;
    OrderState = order::OrderState, order::OrderState::ALL;
    Party = owner::Party, owner::Party::ALL;
    PaymentStatus = order::PaymentStatus, [
        order::PaymentStatus::Other, order::PaymentStatus::Pending, order::PaymentStatus::Expired,
        order::PaymentStatus::Authorized, order::PaymentStatus::PartiallyPaid,
        order::PaymentStatus::Paid, order::PaymentStatus::PartiallyRefunded,
        order::PaymentStatus::Refunded, order::PaymentStatus::Voided,
    ];
    QaStatus = export::QaStatus, [export::QaStatus::Passed, export::QaStatus::Failed];
    ReceiptStatus = receipt::ReceiptStatus, receipt::ReceiptStatus::ALL;
    RunState = flow::RunState, flow::RunState::ALL;
    Severity = task::Severity, [task::Severity::Low, task::Severity::Normal, task::Severity::High];
    ShipmentStatus = order::ShipmentStatus, [
        order::ShipmentStatus::Other, order::ShipmentStatus::Pending, order::ShipmentStatus::Open,
        order::ShipmentStatus::Success, order::ShipmentStatus::Error, order::ShipmentStatus::Failure,
        order::ShipmentStatus::Cancelled,
    ];
    TaskState = task::TaskState, task::TaskState::ALL;
    Unlock = task::Unlock, [
        task::Unlock::Nothing, task::Unlock::RedeliverExport, task::Unlock::RecheckExport,
        task::Unlock::AskAgain, task::Unlock::WaitAgain, task::Unlock::ReprocessReceipt,
        task::Unlock::RetryJob, task::Unlock::TryStep, task::Unlock::FinishStep,
        task::Unlock::FinishUndo, task::Unlock::AnswerQuestion,
    ];
}
