(* expect: cpu_timeout *)
let () = while true do () done
