//! Fragments: the expensive part of a page is rendered once for each person, the rest each time.
//!
//! `cargo run -p cache-web-examples --example fragments`, with any `CACHE_URL` or none.

use std::error::Error;

use cache_runtime::caches;
use cache_web::fragment::{Fragments, fragment};
use minijinja::{Environment, context};

const PAGE: &str = r#"<h1>{{ greeting }}</h1>
{% call cache(600, "statistics", user_id, tags=["user:" ~ user_id]) -%}
<p>{{ statistics(user_id) }}</p>
{%- endcall %}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let cache = caches().get("default")?.blocking();
    cache.clear()?;

    let mut environment = Environment::new();
    Fragments::new().add_to(&mut environment);
    environment.add_template("page.html", PAGE)?;
    // Called by the block, so that a hit queries nothing.
    environment.add_function("statistics", |user_id: u64| {
        println!("  (counting for user {user_id})");
        format!("{} tasks", user_id * 10)
    });
    let page = environment.get_template("page.html")?;
    let show = |greeting: &str, user_id: u64| -> Result<(), minijinja::Error> {
        let html = page.render(context! { greeting, user_id })?;
        println!("{}", html.replace('\n', " "));
        Ok(())
    };

    show("Good morning", 7)?;
    show("Good evening", 7)?;
    show("Good evening", 8)?;
    cache.delete_tag("user:7")?;
    println!("forgotten: what shows user 7");
    show("Good night", 7)?;
    show("Good night", 8)?;

    // Without a template engine: a name, what it varies on, and a function.
    let prices = fragment("prices").vary_on("EUR").timeout(600);
    for _ in 0..2 {
        let html = prices.render_blocking(|| {
            println!("  (rendering prices)");
            Ok::<_, std::fmt::Error>("<b>9.99</b>".to_owned())
        })?;
        println!("{html}");
    }
    println!(
        "its key: {}",
        prices.key().rsplit(':').next().unwrap_or_default()
    );
    Ok(())
}
