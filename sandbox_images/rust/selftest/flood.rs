// expect: output_limit
fn main() {
    let text = "more and more and more\n".repeat(1000);
    loop { print!("{}", text); }
}
