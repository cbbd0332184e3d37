// `leumund replay`: runs the engine over recorded events, alone: no daemon, no configuration.
//
// Flow:    files -> EventFile -> EventLineReader -> Engine -> lines of formats.md on `out`.
// Time:    each event's own, heard a millisecond later; the same input gives the same output byte
//          for byte (fixed hash key).
// Limits:  memory as the engine's settings bound it; a bad line is reported, counted and skipped.
// Errors:  an input or output that cannot be read or written, by name; the program ends with 2.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "base/result.h"

namespace leumund::apps {

struct ReplayOptions {
  bool enforce = true;  // answer as if in force; what was not answered pass did not leave
  bool json = false;
  bool progress = false;               // on standard error, for a terminal
  std::string detector_settings;       // file with lines `name = number`; "" for the built-in ones
  std::string features;                // file for what each score was made of; "" for none
  bool campaigns = false;              // look for campaigns, by the text of messages too
  std::string campaign_settings = {};  // the same two of the campaign detector
  std::string campaign_features = {};
  std::vector<std::string> files;  // "-", or none, is standard input
};

base::Status replay(const ReplayOptions& options, std::FILE* out, std::FILE* err);

// The program leumund-replay: the same from its words. Returns the exit status.
int run_replay(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err);

}  // namespace leumund::apps
