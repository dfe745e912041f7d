# find_package(gamebridge 0.1 REQUIRED)                       both targets where both are installed
# find_package(gamebridge 0.1 REQUIRED COMPONENTS static)     not without this one
#
#   target_link_libraries(game PRIVATE gamebridge::shared)    libgamebridge.so.0.1, gamebridge.dll beside the game
#   target_link_libraries(game PRIVATE gamebridge::static)    inside the game
#
# Everything is found relative to this file, <prefix>/share/cmake/gamebridge, so the prefix may be moved. Nothing is
# written into it at installation: `cargo cinstall` and `cargo xtask install` copy it as it is.

get_filename_component(_gamebridge_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

# The first of these files in the prefix; empty when there is none.
function(_gamebridge_find variable)
  set(${variable} "" PARENT_SCOPE)
  foreach(name IN LISTS ARGN)
    foreach(folder IN ITEMS lib lib64 "lib/${CMAKE_LIBRARY_ARCHITECTURE}" bin)
      if(EXISTS "${_gamebridge_prefix}/${folder}/${name}")
        set(${variable} "${_gamebridge_prefix}/${folder}/${name}" PARENT_SCOPE)
        return()
      endif()
    endforeach()
  endforeach()
  # Whoever installed it may have called the folder otherwise (--libdir).
  foreach(name IN LISTS ARGN)
    file(GLOB found LIST_DIRECTORIES false "${_gamebridge_prefix}/*/${name}")
    if(found)
      list(GET found 0 first)
      set(${variable} "${first}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# What the static library needs of the system: as rustc prints it (--print native-static-libs).
if(WIN32)
  set(_gamebridge_needs kernel32 advapi32 bcrypt ntdll userenv ws2_32 dbghelp)
  _gamebridge_find(_gamebridge_shared gamebridge.dll)
  _gamebridge_find(_gamebridge_import gamebridge.dll.lib libgamebridge.dll.a)
  if(NOT _gamebridge_import)
    set(_gamebridge_shared "")
  endif()
  _gamebridge_find(_gamebridge_static gamebridge.lib libgamebridge.a)
elseif(APPLE)
  set(_gamebridge_needs System c m "-framework CoreFoundation")
  _gamebridge_find(_gamebridge_shared libgamebridge.dylib)
  _gamebridge_find(_gamebridge_static libgamebridge.a)
else()
  set(_gamebridge_needs gcc_s util rt pthread m dl c)
  _gamebridge_find(_gamebridge_shared libgamebridge.so)
  _gamebridge_find(_gamebridge_static libgamebridge.a)
endif()

if(_gamebridge_shared AND NOT TARGET gamebridge::shared)
  add_library(gamebridge::shared SHARED IMPORTED)
  set_target_properties(gamebridge::shared PROPERTIES
    IMPORTED_LOCATION "${_gamebridge_shared}"
    INTERFACE_INCLUDE_DIRECTORIES "${_gamebridge_prefix}/include")
  if(WIN32)
    set_target_properties(gamebridge::shared PROPERTIES IMPORTED_IMPLIB "${_gamebridge_import}")
  endif()
endif()

if(_gamebridge_static AND NOT TARGET gamebridge::static)
  add_library(gamebridge::static STATIC IMPORTED)
  set_target_properties(gamebridge::static PROPERTIES
    IMPORTED_LOCATION "${_gamebridge_static}"
    IMPORTED_LINK_INTERFACE_LANGUAGES C
    INTERFACE_COMPILE_DEFINITIONS GB_STATIC
    INTERFACE_INCLUDE_DIRECTORIES "${_gamebridge_prefix}/include"
    INTERFACE_LINK_LIBRARIES "${_gamebridge_needs}")
endif()

foreach(_gamebridge_component IN ITEMS shared static)
  if(TARGET gamebridge::${_gamebridge_component})
    set(gamebridge_${_gamebridge_component}_FOUND TRUE)
  else()
    set(gamebridge_${_gamebridge_component}_FOUND FALSE)
  endif()
endforeach()
foreach(_gamebridge_component IN LISTS gamebridge_FIND_COMPONENTS)
  if(gamebridge_FIND_REQUIRED_${_gamebridge_component} AND NOT gamebridge_${_gamebridge_component}_FOUND)
    set(gamebridge_FOUND FALSE)
    set(gamebridge_NOT_FOUND_MESSAGE
      "gamebridge has no component `${_gamebridge_component}` in ${_gamebridge_prefix}; there are shared and static")
  endif()
endforeach()
if(NOT gamebridge_shared_FOUND AND NOT gamebridge_static_FOUND)
  set(gamebridge_FOUND FALSE)
  set(gamebridge_NOT_FOUND_MESSAGE "no library of gamebridge lies in ${_gamebridge_prefix}")
endif()

foreach(_gamebridge_name IN ITEMS prefix needs shared import static component)
  unset(_gamebridge_${_gamebridge_name})
endforeach()
unset(_gamebridge_name)
