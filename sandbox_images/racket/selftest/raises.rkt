#lang racket ; expect: runtime_error
(error "on purpose")
