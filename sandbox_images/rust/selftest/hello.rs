// expect: passed
fn main() { println!("hello {}", 42); }
