// Ed25519 signatures (RFC 8032, through libsodium) with keys in local files: who approved a policy can be proved to
// anybody who holds the public key. A secret key file is readable by its owner alone, else it is refused.
//   FILE       "phasegate-ed25519-secret <64 hex digits>\n"   the seed, mode 0600
//   FILE.pub   "phasegate-ed25519-public <64 hex digits>\n"   to be copied to wherever histories are checked
// Threads: values; verify_signature is thread-safe.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

namespace phasegate::core {

class SigningKey {
 public:
  // A new random key in `file`, which must not exist, and its public half beside it.
  [[nodiscard]] static Result<SigningKey> create(const std::filesystem::path& file);
  // Errors: not_found, invalid_input (not a key file), conflict (others may read it).
  [[nodiscard]] static Result<SigningKey> load(const std::filesystem::path& file);

  SigningKey(SigningKey&& other) noexcept;
  SigningKey& operator=(SigningKey&&) = delete;
  ~SigningKey();  // wipes the secret

  [[nodiscard]] const std::string& public_hex() const { return public_hex_; }
  [[nodiscard]] std::string sign(std::string_view message) const;  // 128 hex digits

 private:
  SigningKey() = default;
  [[nodiscard]] static SigningKey from_seed(const std::array<unsigned char, 32>& seed);

  std::array<unsigned char, 64> secret_{};
  std::string public_hex_;
};

// False for anything that is not a signature of this message by this key, malformed hex included.
[[nodiscard]] bool verify_signature(std::string_view public_hex, std::string_view message,
                                    std::string_view signature_hex);

// The hex of a public key file, and the text of one.
[[nodiscard]] Result<std::string> load_public_key(const std::filesystem::path& file);
[[nodiscard]] std::string public_key_text(std::string_view public_hex);

}  // namespace phasegate::core
