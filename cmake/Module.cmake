# add_module(NAME name SRCS ... [DEPS modules...] [LIBS third-party...] [TESTS ...] [TEST_DEPS ...])
# One folder, one target, one test program. DEPS are modules of ours and are what the layering check reads;
# LIBS are third-party targets. Tests sit beside their source and become the program test_<name>.
function(add_module)
  cmake_parse_arguments(M "" "NAME" "SRCS;DEPS;LIBS;TESTS;TEST_DEPS;TEST_LIBS" ${ARGN})
  set(target phasegate_${M_NAME})
  add_library(${target} STATIC ${M_SRCS})
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}/src")
  target_link_libraries(${target} PUBLIC phasegate_options)
  foreach(dep IN LISTS M_DEPS)
    target_link_libraries(${target} PUBLIC phasegate_${dep})
  endforeach()
  target_link_libraries(${target} PUBLIC ${M_LIBS})
  if(M_TESTS)
    add_test_program(NAME test_${M_NAME} SRCS ${M_TESTS} DEPS ${M_NAME} ${M_TEST_DEPS} LIBS ${M_TEST_LIBS})
  endif()
endfunction()

# add_test_program(NAME name SRCS ... DEPS modules... [LIBS ...] [ARGS ...]): a GoogleTest program known to ctest.
function(add_test_program)
  cmake_parse_arguments(T "" "NAME" "SRCS;DEPS;LIBS" ${ARGN})
  add_executable(${T_NAME} ${T_SRCS})
  foreach(dep IN LISTS T_DEPS)
    target_link_libraries(${T_NAME} PRIVATE phasegate_${dep})
  endforeach()
  target_link_libraries(${T_NAME} PRIVATE ${T_LIBS} GTest::gtest_main)
  target_compile_definitions(${T_NAME} PRIVATE
    PHASEGATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" PHASEGATE_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME ${T_NAME} COMMAND ${T_NAME})
  set_tests_properties(${T_NAME} PROPERTIES TIMEOUT 600
    ENVIRONMENT "PHASEGATE_ORT_LIBRARY=${PHASEGATE_ORT_LIBRARY};PHASEGATE_TEST_MODEL=${PHASEGATE_MODEL}")
endfunction()
