// expect: wrong_answer
fn main() { println!("hello {}", 42); }
