// Performs what External Secrets Operator performs with a SecretStore of its provider "pulumi", against
// the server at BASE_URL with TOKEN and ORG: operations are the lines of standard input, answers those of
// standard output.
//
//	{"do": "get" | "map" | "push", "key": PATH, "value": TEXT} → {"text": TEXT} | {"map": {NAME: TEXT}} | {"error": TEXT} | {}
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	esv1 "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	esmeta "github.com/external-secrets/external-secrets/apis/meta/v1"
	"github.com/external-secrets/external-secrets/pkg/provider/pulumi"
)

type operation struct {
	Do    string `json:"do"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

type answer struct {
	Text  *string           `json:"text,omitempty"`
	Map   map[string]string `json:"map,omitempty"`
	Error string            `json:"error,omitempty"`
}

type pushed struct{ remoteKey string }

func (p pushed) GetMetadata() *apiextensionsv1.JSON { return nil }
func (p pushed) GetSecretKey() string               { return "value" }
func (p pushed) GetRemoteKey() string               { return p.remoteKey }
func (p pushed) GetProperty() string                { return "" }

func main() {
	ctx := context.Background()
	kube := fake.NewClientBuilder().WithObjects(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "esc", Namespace: "apps"},
		Data:       map[string][]byte{"token": []byte(os.Getenv("TOKEN"))},
	}).Build()
	store := &esv1.SecretStore{
		TypeMeta:   metav1.TypeMeta{Kind: esv1.SecretStoreKind},
		ObjectMeta: metav1.ObjectMeta{Name: "esc", Namespace: "apps"},
		Spec: esv1.SecretStoreSpec{Provider: &esv1.SecretStoreProvider{Pulumi: &esv1.PulumiProvider{
			APIURL:       os.Getenv("BASE_URL") + "/api/esc",
			Organization: os.Getenv("ORG"),
			Project:      os.Getenv("PROJECT"),
			Environment:  os.Getenv("ENVIRONMENT"),
			AccessToken: &esv1.PulumiProviderSecretRef{
				SecretRef: &esmeta.SecretKeySelector{Name: "esc", Key: "token"},
			},
		}}},
	}
	provider := &pulumi.Provider{}
	if _, err := provider.ValidateStore(store); err != nil {
		panic(err)
	}
	client, err := provider.NewClient(ctx, store, kube, "apps")
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked operation
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		said, err := perform(ctx, client, asked)
		if err != nil {
			said = answer{Error: err.Error()}
		}
		text, _ := json.Marshal(said)
		os.Stdout.Write(append(text, '\n'))
	}
}

func perform(ctx context.Context, client esv1.SecretsClient, asked operation) (answer, error) {
	ref := esv1.ExternalSecretDataRemoteRef{Key: asked.Key}
	switch asked.Do {
	case "get":
		value, err := client.GetSecret(ctx, ref)
		text := string(value)
		return answer{Text: &text}, err
	case "map":
		values, err := client.GetSecretMap(ctx, ref)
		texts := map[string]string{}
		for key, value := range values {
			texts[key] = string(value)
		}
		return answer{Map: texts}, err
	default:
		secret := &corev1.Secret{Data: map[string][]byte{"value": []byte(asked.Value)}}
		return answer{}, client.PushSecret(ctx, secret, pushed{asked.Key})
	}
}
