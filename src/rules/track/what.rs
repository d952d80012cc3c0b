//! What an entry of a track does, and what stands on its line.

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Act, Kind, Notice, Period};

use crate::rules::fold::StepKind;
use crate::rules::payments::Payment;
use crate::rules::product::{Offer, Product, Quantity};

/// What an entry does.
#[derive(Debug)]
pub(in crate::rules) enum What<'a> {
    Paid {
        goods: Goods<'a>,
        payment: &'a Payment<'a>,
        period: Option<Period>,
    },
    Trial {
        goods: Goods<'a>,
        until: DateTime<Utc>,
    },
    Issued {
        goods: Goods<'a>,
        expires_at: Option<DateTime<Utc>>,
    },
    Changed {
        goods: Goods<'a>,
    },
    /// The subscription does not hold it any more.
    Removed,
    /// Money that covers no time: a proration, a fee.
    Fee {
        payment: &'a Payment<'a>,
    },
    Canceled,
    Uncanceled,
    Ended {
        at: DateTime<Utc>,
    },
    PaymentFailed,
    Paused,
    Resumed,
    /// By support, for one slot or for all.
    Adjusted {
        slot: Option<&'a str>,
        act: &'a Act,
        by: &'a str,
    },
}

/// What stands on a line.
#[derive(Debug, Clone, Copy)]
pub(in crate::rules) struct Goods<'a> {
    /// The smallest of the line's names.
    pub(in crate::rules) line: &'a str,
    pub(in crate::rules) offer: &'a Offer,
    /// 0: none of it stood there yet when this was paid for the rest of the subscription.
    pub(in crate::rules) quantity: u32,
    /// A subscription: a renewal is expected.
    pub(in crate::rules) recurring: bool,
}

impl<'a> What<'a> {
    pub(in crate::rules) fn goods(&self) -> Option<Goods<'a>> {
        match self {
            Self::Paid { goods, .. }
            | Self::Trial { goods, .. }
            | Self::Issued { goods, .. }
            | Self::Changed { goods } => Some(*goods),
            Self::Removed
            | Self::Fee { .. }
            | Self::Canceled
            | Self::Uncanceled
            | Self::Ended { .. }
            | Self::PaymentFailed
            | Self::Paused
            | Self::Resumed
            | Self::Adjusted { .. } => None,
        }
    }

    /// What kind of step it makes.
    pub(in crate::rules) fn kind(&self) -> StepKind {
        match self {
            Self::Paid { .. } => StepKind::Paid,
            Self::Trial { .. } => StepKind::Trial,
            Self::Issued { .. } => StepKind::Support,
            Self::Adjusted { act: Act::Activate, .. } => StepKind::Activated,
            Self::Adjusted { .. } => StepKind::Support,
            Self::Changed { .. }
            | Self::Removed
            | Self::Fee { .. }
            | Self::Canceled
            | Self::Uncanceled
            | Self::Ended { .. }
            | Self::PaymentFailed
            | Self::Paused
            | Self::Resumed => StepKind::Told,
        }
    }

    pub(super) fn befalls(notice: &'a Notice) -> Option<Self> {
        match &notice.kind {
            Kind::Canceled { .. } => Some(Self::Canceled),
            Kind::Uncanceled => Some(Self::Uncanceled),
            Kind::Ended { at } => Some(Self::Ended { at: *at }),
            Kind::PaymentFailed => Some(Self::PaymentFailed),
            Kind::Paused => Some(Self::Paused),
            Kind::Resumed => Some(Self::Resumed),
            Kind::Adjusted { act: Act::Issue { .. }, .. } => None,
            Kind::Adjusted { act, by, .. } => {
                Some(Self::Adjusted { slot: notice.line.as_deref(), act, by })
            }
            Kind::Paid { .. }
            | Kind::Trial { .. }
            | Kind::Changed { .. }
            | Kind::Refunded { .. }
            | Kind::RefundUndone { .. }
            | Kind::Disputed { .. }
            | Kind::Linked
            | Kind::Customer => None,
        }
    }
}

impl Goods<'_> {
    /// How many licenses of the product the line is.
    pub(in crate::rules) fn units(&self, product: &Product) -> u32 {
        match product.quantity {
            Quantity::Keys => self.quantity,
            Quantity::Seats => self.quantity.min(1),
        }
    }
}
