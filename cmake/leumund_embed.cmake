# leumund_embed_templates(KIND letter FOLDER letters OUTPUT generated/action/letter_templates.inc
#                         NAMED "/([a-z][a-z])/([a-z_]+)\\.txt$" LANGUAGE 1 NAME 2)
#
# Makes OUTPUT, with the table letter_templates, of the texts in data/letters, so that the program needs
# no files. NAMED is what a path must look like; LANGUAGE and NAME are the places of its groups.
function(leumund_embed_templates)
  cmake_parse_arguments(EMBED "" "KIND;FOLDER;OUTPUT;NAMED;LANGUAGE;NAME" "" ${ARGN})
  file(GLOB_RECURSE texts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/data/${EMBED_FOLDER}/*.txt)
  set(rows "")
  foreach(text ${texts})
    string(REGEX MATCH "${EMBED_NAMED}" matched ${text})
    if(NOT matched)
      message(FATAL_ERROR "${text} is not named as ${EMBED_NAMED}")
    endif()
    set(language ${CMAKE_MATCH_${EMBED_LANGUAGE}})
    set(name ${CMAKE_MATCH_${EMBED_NAME}})
    file(READ ${text} content)
    string(APPEND rows "    {\"${name}\", \"${language}\", R\"text(${content})text\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${text})
  endforeach()
  list(LENGTH texts count)
  string(SUBSTRING ${EMBED_KIND} 0 1 first)
  string(SUBSTRING ${EMBED_KIND} 1 -1 rest)
  string(TOUPPER ${first} first)
  set(type ${first}${rest}Template)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${EMBED_OUTPUT} @ONLY CONTENT
"// Made of data/@EMBED_FOLDER@ by leumund_embed.cmake.
namespace leumund::action {
struct @type@ {
  std::string_view name;
  std::string_view language;
  std::string_view text;
};
constexpr @type@ @EMBED_KIND@_templates[@count@] = {
@rows@};
}  // namespace leumund::action
")
endfunction()
