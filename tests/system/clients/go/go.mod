module trivium.example/clients

go 1.25

require (
	github.com/oapi-codegen/runtime v1.9.0
	golang.org/x/oauth2 v0.38.0
)
