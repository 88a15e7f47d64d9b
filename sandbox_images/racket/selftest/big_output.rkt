#lang racket ; expect: passed
(for ([i 20000]) (displayln i))
