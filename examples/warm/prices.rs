//! A function that is worth warming: it asks a slow service.

use std::fmt;
use std::time::Duration;

use cache_runtime::cache_result;

/// The price of a product in cents; `None` if it is not sold.
#[cache_result(timeout = "1h", key_prefix = "prices")]
pub async fn price(product: u64) -> Result<Option<u64>, NoAnswer> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    match product {
        250 => Err(NoAnswer(product)),
        product if product % 100 == 0 => Ok(None),
        product => Ok(Some(product * 99)),
    }
}

/// The price list did not answer.
#[derive(Debug, Clone)]
pub struct NoAnswer(u64);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer about product {}", self.0)
    }
}
