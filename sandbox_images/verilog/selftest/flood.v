// expect: output_limit
module main;
  initial forever $display("more and more and more");
endmodule
