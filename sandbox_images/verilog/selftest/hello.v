// expect: passed
module main;
  initial begin
    $display("hello %0d", 6 * 7);
    $finish(0);
  end
endmodule
