# SPDX-License-Identifier: MIT
# Tests that run in the lab's VM: many in one boot, started by conformance/run.
#
#   hmmcl_add_lab_test(NAME name [TIMEOUT seconds] COMMAND command [argument...])
#
# Generator expressions are allowed in the command. A test ends with status 0 and may print TAP lines
# ("ok 1 - what", "not ok 2 - what", "ok 3 - what # SKIP why"): then each of them counts as a test;
# status 77 means that all of it was skipped.
function(hmmcl_add_lab_test)
	cmake_parse_arguments(PARSE_ARGV 0 test "" "NAME;TIMEOUT" "COMMAND")
	if(NOT test_TIMEOUT)
		set(test_TIMEOUT 120)
	endif()
	string(REPLACE ";" " " command "${test_COMMAND}")
	set_property(GLOBAL APPEND PROPERTY HMMCL_LAB_TESTS "${test_NAME} ${test_TIMEOUT} ${command}")
endfunction()

# Called once, when all tests are known: one line a test, "NAME TIMEOUT COMMAND".
function(hmmcl_write_lab_tests)
	get_property(tests GLOBAL PROPERTY HMMCL_LAB_TESTS)
	string(REPLACE ";" "\n" tests "${tests}")
	file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/lab-tests CONTENT "${tests}\n")
endfunction()
