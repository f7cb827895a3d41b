use cache_runtime::cache_result;

#[cache_result(tags())]
fn nothing(id: u64) -> u64 {
    id
}

#[cache_result(tags = "user:{id}")]
fn no_list(id: u64) -> u64 {
    id
}

#[cache_result(tags(5, "", "user:{id", "user:id}", "user:{}", "user:{0}", "user:{id +}"))]
fn not_tags(id: u64) -> u64 {
    id
}

#[cache_result(tags(id))]
fn an_argument_alone(id: u64) -> u64 {
    id
}

#[cache_result(tags("user:{result}"))]
fn ambiguous(result: u64) -> u64 {
    result
}

#[cache_result(tags("name:{result}:{name}"))]
fn borrowed(name: &str) -> String {
    name.to_owned()
}


fn main() {}
