//! What an item costs: a button of a web page holds its price, where its visitor can change it.

use crate::notice::Money;
use crate::read::{self, Currency, Unread};

/// `acme-pro = 49.00 EUR, 55.00 USD; acme-lite = 19.00 EUR`
pub(super) struct Prices(Vec<(String, Vec<Money>)>);

impl Prices {
    /// # Errors
    /// [`Unread::Value`] for a setting that is not written so.
    pub(super) fn parse(text: &str) -> Result<Self, Unread> {
        let wrong = || Unread::value("prices", "write `item = 49.00 EUR; other = 19.00 EUR`");
        let entries = text.split(';').filter(|entry| !entry.trim().is_empty()).map(|entry| {
            let (item, prices) = entry.rsplit_once('=').ok_or_else(wrong)?;
            let prices = prices.split(',').map(|price| {
                let (amount, currency) = price.trim().split_once(' ').ok_or_else(wrong)?;
                let currency = Currency::new(currency.trim()).ok_or_else(wrong)?;
                read::decimal("prices", amount, currency.as_str())
            });
            Ok((item.trim().to_owned(), prices.collect::<Result<_, Unread>>()?))
        });
        Ok(Self(entries.collect::<Result<_, Unread>>()?))
    }

    /// What so many of the item cost: in this currency, or else in the first that is told.
    pub(super) fn least(&self, item: &str, quantity: u32, currency: &str) -> Option<Money> {
        let (_, prices) = self.0.iter().find(|(name, _)| name == item)?;
        let same = prices.iter().find(|price| price.currency == currency);
        let price = same.or_else(|| prices.first())?;
        let minor = price.minor.saturating_mul(quantity.into());
        Some(Money { minor, currency: price.currency.clone() })
    }

    /// # Errors
    /// [`Unread::Value`] where so many of the item cost more than was paid, or their price is not
    /// known.
    pub(super) fn check(&self, item: &[String], quantity: u32, paid: &Money) -> Result<(), Unread> {
        let (_, prices) =
            self.0.iter().find(|(name, _)| item.contains(name)).ok_or_else(|| {
                Unread::value("item_number", "`prices` does not tell what it costs")
            })?;
        let mut same = prices.iter().filter(|price| price.currency == paid.currency);
        let price = same.next().ok_or_else(|| {
            Unread::value("mc_currency", "`prices` does not tell what the item costs in it")
        })?;
        match price.minor.saturating_mul(quantity.into()) <= paid.minor {
            true => Ok(()),
            false => Err(Unread::value("mc_gross", "less than `prices` tells for the item")),
        }
    }
}
