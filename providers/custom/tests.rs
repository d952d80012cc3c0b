//! Descriptions, right and wrong, and what they read.
