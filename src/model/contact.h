// Where and how a list or a provider is asked to take our mail again: what the registry knows, with
// what the operator has found out over it.
#pragma once

#include <cstdint>
#include <string>

namespace leumund::model {

struct Contact {
  std::string party;                   // "list:psbl", "provider:t-online"
  std::string name;                    // "Passive Spam Block List"
  std::string method;                  // of delisting, as the registry has it; "" unknown
  std::string form;                    // page or form, "{ip}" and "{domain}" unfilled; "" none
  std::string page;                    // where an entry, or what they want of senders, can be read
  std::string email;                   // for requests
  std::string postmaster;              // a person or desk there
  std::string upstream;                // who asks for us where only the network's operator may
  std::string legal;                   // for letters of a lawyer's kind
  std::string language;                // that they read: "de" or "en"
  std::string domain;                  // theirs, for the postmaster that every domain must have
  std::string note;                    // the registry's, in English
  std::string own_note;                // the operator's
  bool predatory = false;              // money is taken for removal
  bool sure = true;                    // false: from memory, to be checked before it is used
  bool own = false;                    // something here comes from the operator
  std::uint32_t ends_after_hours = 0;  // an entry ends by itself; 0 unknown

  bool operator==(const Contact&) const = default;
};

}  // namespace leumund::model
