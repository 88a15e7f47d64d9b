<?php // expect: compile_error
function ( {
