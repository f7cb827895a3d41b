use cache_runtime::cache_result;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct User {
    id: u64,
}

#[cache_result(tags("user:{user}"))]
fn tasks(user: User) -> u64 {
    user.id
}

#[cache_result(tags("user:{result.uid}"), key(user.id))]
fn unknown_field(user: User) -> Result<User, std::io::Error> {
    Ok(user)
}

#[cache_result(tags("user:{idd}"))]
fn unknown_hole(id: u64) -> u64 {
    id
}

fn main() {}
