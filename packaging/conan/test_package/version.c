#include <smtpconn.h>

#include <stdio.h>

int main(void) {
  printf("smtpconn %s\n", smtpconn_version());
  return 0;
}
