// Domains and mail addresses as names on our lists.
#include "wire/list_name.h"

#include <gtest/gtest.h>

namespace leumund::wire {
namespace {

using model::ListKind;

std::string name_of(ListKind kind, std::string_view text, bool registrable = false) {
  const auto name = list_name(kind, text, registrable);
  return name ? name->to_text() : "! " + name.error().message;
}

TEST(ListName, AMailAddressIsItsDigestInSmallLetters) {
  // printf %s a@b.c | sha1sum; printf %s a@b.c | sha256sum | xxd -r -p | base32
  EXPECT_EQ(name_of(ListKind::sha1, "a@b.c"), "e2d6a40c8b4d3e6a2779ba1802ef29d13940a051");
  EXPECT_EQ(name_of(ListKind::sha256, "a@b.c"),
            "2zeleq5d5al6vizqtyaoda2ih4ugpovn6urathymeeqxobjwwjna");
  EXPECT_EQ(name_of(ListKind::sha1, "A@B.C"), name_of(ListKind::sha1, "a@b.c"));
  const std::string sha1 = name_of(ListKind::sha1, "a@b.c");
  EXPECT_EQ(name_of(ListKind::sha1, sha1), sha1) << "a digest stands for itself";
}

TEST(ListName, ADomainIsASCIIAndCanBeRegistered) {
  EXPECT_EQ(name_of(ListKind::domains, "Spam.Example.COM."), "spam.example.com");
  EXPECT_EQ(name_of(ListKind::domains, "www.spam.co.uk", true), "spam.co.uk");
  EXPECT_EQ(name_of(ListKind::domains, "b\u00fccher.de"), "xn--bcher-kva.de");
}

TEST(ListName, WhatWouldListTooMuchOrNothingIsRefusedByName) {
  for (const char* wrong : {"co.uk", "com", "192.0.2.1", "http://a.com/", "a.com/x", "a b.com",
                            "user@a.com", "a.com:80", "%61.com", "."}) {
    EXPECT_TRUE(name_of(ListKind::domains, wrong).starts_with("! \"")) << wrong;
  }
  const auto why = [](const char* wrong) { return name_of(ListKind::domains, wrong); };
  EXPECT_TRUE(why("co.uk").contains("\"co.uk\" is a public suffix")) << why("co.uk");
  EXPECT_TRUE(why("com").contains("is a public suffix")) << why("com");
  EXPECT_TRUE(why("spam.example").contains("ends in no public suffix")) << why("spam.example");
  EXPECT_TRUE(why("spam.example").contains("like example.org"));
  EXPECT_TRUE(why("http://a.com/").contains("write the name alone")) << why("http://a.com/");
  for (const char* wrong : {"anna", "@example.org", "anna@", "0123"}) {
    EXPECT_TRUE(name_of(ListKind::sha1, wrong).starts_with("! \"")) << wrong;
  }
  EXPECT_FALSE(list_name(ListKind::addresses, "a.com", false).ok());
  EXPECT_FALSE(list_name(ListKind::domains, "", false).ok());
  EXPECT_FALSE(list_name(ListKind::sha1, std::string(316, 'a') + "@b.c", false).ok() &&
               list_name(ListKind::sha1, std::string(317, 'a') + "@b.c", false).ok());
}

}  // namespace
}  // namespace leumund::wire
