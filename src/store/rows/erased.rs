//! A row of two kinds that are known by three columns: account, live, and a name.

/// A row of the customers, by the provider's id.
pub type CustomerKey = (String, bool, String);

/// A reference of a sale.
pub type RefKey = (String, bool, String);
