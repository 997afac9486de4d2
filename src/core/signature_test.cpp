#include "core/signature.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/files.h"

namespace phasegate::core {
namespace {

namespace fs = std::filesystem;

class SignatureTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/phasegate-signature-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

// RFC 8032, section 7.1, test 2.
TEST_F(SignatureTest, AgreesWithTheStandard) {
  const fs::path file = folder_ / "k";
  ASSERT_TRUE(write_file_atomic(
      file, "phasegate-ed25519-secret 4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb\n"));
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  const auto key = SigningKey::load(file);
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(key->public_hex(), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(
      key->sign("\x72"),
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
      "eeb00d291612bb0c00");
}

TEST_F(SignatureTest, ANewKeySignsAndOnlyItsOwnMessageVerifies) {
  const auto key = SigningKey::create(folder_ / "a");
  ASSERT_TRUE(key) << key.error().message();
  const auto other = SigningKey::create(folder_ / "b");
  ASSERT_TRUE(other);
  const std::string signature = key->sign("message");
  EXPECT_TRUE(verify_signature(key->public_hex(), "message", signature));
  EXPECT_FALSE(verify_signature(key->public_hex(), "messagf", signature));
  EXPECT_FALSE(verify_signature(other->public_hex(), "message", signature));
  EXPECT_FALSE(verify_signature(key->public_hex(), "message", signature.substr(1)));
  EXPECT_FALSE(verify_signature("zz", "message", signature));
  std::string upper = signature;
  for (char& c : upper) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  EXPECT_FALSE(verify_signature(key->public_hex(), "message", upper));  // one signature has one text
}

TEST_F(SignatureTest, TheSecretIsForItsOwnerAloneAndIsNeverOverwritten) {
  const fs::path file = folder_ / "a";
  const auto key = SigningKey::create(file);
  ASSERT_TRUE(key);
  struct stat facts{};
  ASSERT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  const auto again = SigningKey::create(file);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::conflict);
  EXPECT_EQ(load_public_key(folder_ / "a.pub").value(), key->public_hex());
  EXPECT_EQ(SigningKey::load(file)->public_hex(), key->public_hex());
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  const auto open = SigningKey::load(file);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().kind, ErrorKind::conflict);
}

TEST_F(SignatureTest, WhatIsNoKeyIsNamed) {
  EXPECT_EQ(SigningKey::load(folder_ / "none").error().kind, ErrorKind::not_found);
  ASSERT_TRUE(write_file_atomic(folder_ / "bad", "phasegate-ed25519-secret 00\n"));
  ASSERT_EQ(::chmod((folder_ / "bad").c_str(), 0600), 0);
  EXPECT_EQ(SigningKey::load(folder_ / "bad").error().kind, ErrorKind::invalid_input);
  EXPECT_EQ(load_public_key(folder_ / "bad").error().kind, ErrorKind::invalid_input);
}

}  // namespace
}  // namespace phasegate::core
