//! Methods: what `self` means for the key, and the companions that take the place of a handle.
//!
//! `cargo run --example methods`, with any `CACHE_URL` or none.

use std::error::Error;

use cache_runtime::{cache_evict, cache_result, caches};

struct Shop {
    tenant: u64,
}

impl Shop {
    /// Each tenant has its own entries.
    #[cache_result(timeout = 600, key_prefix = "stock", key(self.tenant, item))]
    pub fn stock(&self, item: &str) -> usize {
        println!("  (tenant {} counts {item})", self.tenant);
        item.len() + self.tenant as usize
    }

    /// All tenants share them.
    #[cache_result(timeout = 600, key_prefix = "name", skip(self))]
    pub fn name(&self, item: &str) -> String {
        println!("  (looking up {item})");
        item.to_uppercase()
    }

    /// Without any `self`.
    #[cache_result(timeout = 600, key_prefix = "currency", associated)]
    pub fn currency(country: &str) -> String {
        println!("  (the currency of {country})");
        if country == "de" { "EUR" } else { "USD" }.to_owned()
    }

    /// A method that changes data names the companion.
    #[cache_evict(self.stock_entry(item))]
    fn sell(&self, item: &str) {
        println!("tenant {} sells a {item}", self.tenant);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    caches().get("default")?.blocking().clear()?;
    let (one, two) = (Shop { tenant: 1 }, Shop { tenant: 2 });

    println!("stock: {} {}", one.stock("pen"), two.stock("pen"));
    println!("name: {} {}", one.name("pen"), two.name("pen"));
    println!("currency: {}", Shop::currency("de"));
    println!("currency: {}", Shop::currency("de"));

    one.sell("pen");
    println!("kept for tenant 1: {:?}", one.stock_entry("pen").get()?);
    println!("kept for tenant 2: {:?}", two.stock_entry("pen").get()?);
    println!("stock: {}", one.stock("pen"));
    println!("refreshed: {}", two.stock_refresh("pen"));
    Ok(())
}
