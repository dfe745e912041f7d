# Which requests this version satisfies: the same major version, before 1.0 the same minor version too (it may change
# the interface, and the soname with it), and not an older one. The version is the installed header's, so that it
# stands in one place.

file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../../../include/gamebridge.h" _gamebridge_lines
  REGEX "^#define GB_VERSION_(MAJOR|MINOR|PATCH) [0-9]+$")
string(REGEX REPLACE "#define GB_VERSION_[A-Z]+ ([0-9]+)" "\\1" _gamebridge_numbers "${_gamebridge_lines}")
string(REPLACE ";" "." PACKAGE_VERSION "${_gamebridge_numbers}")
list(GET _gamebridge_numbers 0 _gamebridge_major)
list(GET _gamebridge_numbers 1 _gamebridge_minor)
unset(_gamebridge_lines)
unset(_gamebridge_numbers)

set(PACKAGE_VERSION_COMPATIBLE FALSE)
set(PACKAGE_VERSION_EXACT FALSE)
if(PACKAGE_FIND_VERSION_RANGE)
  # 0.1...<0.3: whoever writes a range has said what they take.
  if(PACKAGE_VERSION VERSION_GREATER_EQUAL PACKAGE_FIND_VERSION_MIN AND
      (PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION_MAX OR
        (PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "INCLUDE" AND
          PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION_MAX)))
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
  endif()
elseif(PACKAGE_VERSION VERSION_GREATER_EQUAL PACKAGE_FIND_VERSION AND
    _gamebridge_major EQUAL PACKAGE_FIND_VERSION_MAJOR AND
    (_gamebridge_major GREATER 0 OR PACKAGE_FIND_VERSION_COUNT LESS 2 OR
      _gamebridge_minor EQUAL PACKAGE_FIND_VERSION_MINOR))
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
unset(_gamebridge_major)
unset(_gamebridge_minor)
