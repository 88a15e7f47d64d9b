// expect: signalled
fn main() { std::process::abort(); }
