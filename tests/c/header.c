/* The header alone: included first and twice, under every standard that it promises, C and C++. */
#include <gamebridge.h>
#include <gamebridge.h>

int main(void) {
  gb_options options = GB_OPTIONS_INIT;
  const gb_request request = GB_REQUEST_INIT;
  return request.size == sizeof(gb_request) && options.size == sizeof(gb_options) && GB_OK == 0 && GB_ERR_PANIC < 0 ? 0 : 1;
}
