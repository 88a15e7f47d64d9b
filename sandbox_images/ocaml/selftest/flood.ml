(* expect: output_limit *)
let () = while true do print_endline "more and more and more" done
