use cache_runtime::cache_result;

struct Repo;

impl Repo {
    #[cache_result(timeout = 600, refresh_ahead = 0.8, skip(self))]
    pub fn tasks(&self, status: Option<&str>, ids: &[u64]) -> Vec<u64> {
        let _ = status;
        ids.to_vec()
    }
}

#[cache_result(timeout = 600, refresh_ahead = 0.8)]
async fn title(url: &str) -> String {
    url.to_owned()
}

// What it is may borrow, since it does not say that it cannot.
#[cache_result(timeout = 600, refresh_ahead = 0.8)]
async fn any(url: impl AsRef<str> + serde::Serialize + Send) -> String {
    url.as_ref().to_owned()
}

// This one may borrow.
#[cache_result(timeout = 600, early = 1.0)]
async fn early(url: &str) -> String {
    url.to_owned()
}

fn main() {}
