//! The templates, and the functions that they may call.

use axum::response::Html;
use cache_web::fragment::Fragments;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::tasks::Tasks;

/// The templates of the application.
pub struct Templates(Environment<'static>);

impl Templates {
    pub fn new(tasks: Tasks) -> Self {
        let mut environment = Environment::new();
        Fragments::new().add_to(&mut environment);
        // Called by the fragment when it is rendered: on a hit there is no query.
        environment.add_function("statistics", move |user_id: i64| {
            let statistics = tasks.statistics(user_id);
            statistics
                .map(|numbers| Value::from(Serde(numbers)))
                .map_err(|error| {
                    Error::new(ErrorKind::InvalidOperation, "no statistics").with_source(error)
                })
        });
        for (name, source) in [
            ("base.html", include_str!("templates/base.html")),
            ("login.html", include_str!("templates/login.html")),
            ("tasks.html", include_str!("templates/tasks.html")),
        ] {
            environment
                .add_template(name, source)
                .expect("the templates are right");
        }
        Self(environment)
    }

    /// Renders a page. A fragment may ask the cache's store, and a template does not await, so other tasks are
    /// moved off this thread meanwhile.
    pub fn render(&self, name: &str, values: Value) -> Result<Html<String>, Error> {
        let template = self.0.get_template(name)?;
        tokio::task::block_in_place(|| template.render(values)).map(Html)
    }
}
