/*
 * main.c - every function of the header, without a server
 *
 * NULL handles, indexes beyond the end, values out of range, what a setter was
 * given and a getter gives back, and the fields of the errors that come of it.
 */
#define CHECK_MAIN
#include "surface.h"

int main(void) {
  version();
  codes();
  null_error();
  null_options();
  null_loop();
  null_connection();
  null_others();
  null_commands();
  option_rows();
  option_strings();
  option_texts();
  option_numbers();
  option_descriptors();
  option_callbacks();
  tokens();
  sessions();
  contradictions();
  forms();
  envelope();
  field_rows();
  message();
  loop();
  connection();
  without_socket();
  commands();
  pool();
  return check_result();
}
